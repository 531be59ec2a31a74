"""Read a submission, `.py` or `.ipynb`, into a `Program`: bytes and JSON only, nothing is run or parsed as Python."""

from grader.load.program import load_program

__all__ = ["load_program"]
