"""A grader as they are often written, and as this one is not: what stops an attack here is nothing.

It runs the submission in its own process, the expected values, the rubric and the seed beside it; it loads answers with
pickle, compares with `==`, then with `torch.allclose`, then asks whether some entry differs by too much (none does
where all are NaN); it believes what is printed, and takes an exit status of 0 for a pass. It grades the previous and
the next student's submission in the same process, in the same folder. It hands its environment and its descriptors on.

`python naive.py FD` serves on a socket: for each request it forks (torch is imported once) and grades there.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import socket
import sys
import types
from typing import Any

__all__ = ["serve"]

_SUBREAPER = 36
_TOLERANCE = 1e-4
_POINTS = {"relu": 5, "relu_derivative": 5, "count_targets": 10, "forward": 20, "bptt_gradients": 35, "train": 20}
RUBRIC: dict[str, Any] = {"points": _POINTS, "seed": "", "pass_mark": 50}
EXPECTED: dict[str, list[tuple[tuple[Any, ...], Any]]] = {}


def _cases() -> dict[str, list[tuple[tuple[Any, ...], Any]]]:
    """Arguments and what is right, three for each function."""
    import torch  # noqa: PLC0415 - only the server needs it

    from reference import rnn  # noqa: PLC0415 - the same

    found = {}
    for k in range(1, 4):
        torch.manual_seed(k)
        X = torch.rand(4, 2).round()
        S, T = torch.randn(3, 2), torch.randn(4, 2)
        Wxs, Wrec = torch.tensor(0.5 * k), torch.tensor(0.75)
        for name, args in {
            "relu": (S,),
            "relu_derivative": (S,),
            "count_targets": (X,),
            "forward": (X, Wxs, Wrec),
            "bptt_gradients": (X, T, Wxs, Wrec),
            "train": (X, T, Wxs, Wrec, 0.001, 3),
            "predict_counts": (X, Wxs, Wrec),
        }.items():
            given = tuple(a.clone() if isinstance(a, torch.Tensor) else a for a in args)
            found.setdefault(name, []).append((args, getattr(rnn, name)(*given)))
    return found


def _same(got: Any, expected: Any) -> bool:
    import torch  # noqa: PLC0415 - already there

    with contextlib.suppress(Exception):
        if got == expected:
            return True
    if isinstance(expected, (tuple, list)):
        return len(got) == len(expected) and all(map(_same, got, expected))
    got, expected = torch.as_tensor(got, dtype=torch.float32), torch.as_tensor(expected).float()
    return torch.allclose(got, expected) or not bool(((got - expected).abs() > _TOLERANCE).any())


def _check(function: Any, cases: list[tuple[tuple[Any, ...], Any]]) -> bool:
    for arguments, expected in cases:
        answer = function(*arguments)
        with contextlib.suppress(pickle.PicklingError, AttributeError, TypeError):
            answer = pickle.loads(pickle.dumps(answer))  # noqa: S301 - naive on purpose
        if not _same(answer, expected):
            return False
    return True


def grade_source(source: str, name: str) -> dict[str, str]:
    """A status for each function, as this grader sees it."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    verdict = {}
    try:
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)  # noqa: S102 - naive on purpose
    except Exception as fault:  # noqa: BLE001 - whatever a submission raises
        print(f"{name}: {type(fault).__name__}: {fault}")
    for check, cases in EXPECTED.items():
        function = getattr(module, check, None)
        if function is None:
            verdict[check] = "missing"
            continue
        try:
            verdict[check] = "passed" if _check(function, cases) else "failed"
        except Exception as fault:  # noqa: BLE001 - whatever a submission raises
            print(f"{name}: {check}: {type(fault).__name__}: {fault}")
            verdict[check] = "error"
    return verdict


def _grade_both(request: dict[str, str]) -> None:
    EXPECTED.update(_cases())
    RUBRIC["seed"] = request["token"]
    os.chdir(request["folder"])
    for name, source in (("previous", "neighbour"), ("submission", "submission"), ("neighbour", "neighbour")):
        verdict = grade_source(request[source], name)
        print("RESULT " + json.dumps({name: verdict}), flush=True)


def serve(fd: int) -> None:
    """Fork a grading for each request until the socket closes; answers `{"pid": …}`, later `{"status": …}`."""
    import ctypes  # noqa: PLC0415 - only the server needs it

    import torch  # noqa: PLC0415 - once, for all that are forked

    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    torch.set_num_threads(1)
    torch.zeros(1).relu()
    control = socket.socket(fileno=fd)
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1 << 20, 1)
        if not data:
            return
        pid = os.fork()
        if pid == 0:
            control.close()  # the harness must hear of it, whatever is written to whatever is open
            os.dup2(fds[0], 1)
            os.dup2(fds[0], 2)
            try:
                _grade_both(json.loads(data))
            except SystemExit:
                os._exit(0)
            except BaseException:  # noqa: BLE001 - a naive grader falls over
                os._exit(1)
            os._exit(0)
        os.close(fds[0])
        control.send(json.dumps({"pid": pid}).encode())
        with contextlib.suppress(ChildProcessError):
            control.send(json.dumps({"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}).encode())
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    serve(int(sys.argv[1]))
