"""What people and programs read of a result: text, JSON and its schema.

Every renderer takes a `Report` through `prepare`, which cuts it down to what its reader may
see and makes every string in it harmless.
"""
