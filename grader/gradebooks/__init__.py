"""Marks carried to where a course keeps them: a teacher's own export filled in, or a platform told by its interface."""
