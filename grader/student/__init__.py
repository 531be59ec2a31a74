"""What students check themselves with: `grade my.ipynb`, and in a notebook `from grader import check`.

Public cases only, so nothing that is said here is a mark; and no sandbox, for it is the student's own machine.
"""

from grader.student.checking import Check, check

__all__ = ["Check", "check"]
