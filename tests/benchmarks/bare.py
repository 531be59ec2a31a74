"""A submission's calls made without a grader, in a process that has only torch.

Called as `bare.py SUBMISSION QUESTIONS REPEATS`, QUESTIONS being a pickled list of (function, arguments); prints the
seconds that the calls took together, for each repeat, as a JSON list.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from pathlib import Path

import numpy as np
import torch


def main(submission, questions, repeats):
    torch.set_num_threads(1)
    space = {"__name__": "submission"}
    exec(compile(Path(submission).read_text(encoding="utf-8"), submission, "exec"), space)  # noqa: S102 - our own file
    calls = [
        (space[function], [torch.tensor(arg) if isinstance(arg, np.ndarray) else arg for arg in args])
        for function, args in pickle.loads(Path(questions).read_bytes())  # noqa: S301 - run.py wrote it
    ]
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        for function, args in calls:
            function(*args)
        seconds.append(time.perf_counter() - began)
    print(json.dumps(seconds[1:]))  # the first one warms


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
