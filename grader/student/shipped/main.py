"""`python -m grader`: the same as the command `grade`, for where scripts are not on the path."""

import sys

if __name__ == "__main__":
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]  # a file json.py in the current folder is not to be imported for ours

    from grader.student.command import main

    sys.exit(main(program="python -m grader"))
