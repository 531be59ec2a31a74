"""`python -m grader`: the same as the command `grader`.

`-m` puts the current folder first on the path, and a file there named json.py would be imported for ours: the
folder goes before anything else is imported. (A `grader.py` there is taken for this package before we can say
anything: `python -P -m grader` and the command itself are safe from that too.)
"""

import sys

if __name__ == "__main__":
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]

    from grader.cli import grader_main

    sys.exit(grader_main(program="python -m grader"))
