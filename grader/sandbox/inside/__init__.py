"""What runs beside untrusted code: the template process and the confined child.

This package is loaded there under the name `inside`, from this folder, without the rest of the
grader: its modules import the standard library, torch and NumPy (both late) and each other, nothing else.
"""
