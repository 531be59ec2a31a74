"""Hostile submissions: each costs itself an answer, and neither the next question nor the grader."""

import sys

import pytest
from asking import STANDARD, answer, answers, subject_of

from grader.model import Answered, Died, Malformed, OutOfMemory, Raised, TimedOut
from grader.sandbox.launch import Switches
from grader.sandbox.levels import Limits
from grader.sandbox.supervisor import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

MIB = 1 << 20
LIMITS = Limits(time_s=1.0, factor=60, memory_bytes=256 * MIB, output_bytes=MIB // 16, scratch_bytes=4 * MIB)


@pytest.fixture(scope="module", name="sandbox", params=["strong", "standard"])
def _sandbox(request):
    switches = Switches() if request.param == "strong" else Switches(**STANDARD)
    with Sandbox(limits=LIMITS, switches=switches, least=request.param) as sandbox:
        sandbox.ready()
        yield sandbox


SOURCE = """
import ctypes, json, os, signal, struct, sys, threading, time
import numpy as np
import torch

def relu_derivative(S):
    return 7.0

def relu(S):
{body}

def count_targets(X):
    return 8.0
"""


def with_body(body):
    return SOURCE.format(body="\n".join("    " + line for line in body.strip("\n").split("\n")))


def attacked(sandbox, body, limit_s=2.0):
    """What an attack in a function is answered with; the functions around it must still work."""
    with subject_of(sandbox, with_body(body)) as subject:
        seen = answer(subject, "relu", limit_s=limit_s)
        assert [item.value for item in answers(subject, "relu_derivative", "count_targets")] == [7.0, 8.0]
        return seen


# ---------------------------------------------------------------------------- without end
ENDLESS = {
    "a loop": "while True: pass",
    "a loop that swallows everything": """
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass""",
    "a loop with signals off": """
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
while True: pass""",
    "an answer that never comes": """
class Endless:
    def __float__(self):
        while True: pass
return Endless()""",
    "an exception that takes for ever to say": """
class Endless(Exception):
    def __str__(self):
        while True: pass
raise Endless""",
    "an endless list": """
class Endless(list):
    def __len__(self): return 1
    def __iter__(self):
        while True: yield 1.0
return Endless([1])""",
    "a frame that never ends": "os.write(4, struct.pack('<II', 10, 1 << 20))\nwhile True: time.sleep(1)",
}


@pytest.mark.parametrize("how", ["@torch.compile", "@torch.compile(fullgraph=True)", "@torch.compile()"])
def test_a_function_to_be_compiled_is_taken_as_it_is(sandbox, how):
    source = f"import torch\n{how}\ndef relu(S): return 2 * S\nrelu_derivative = torch.compile(relu)\n"
    with subject_of(sandbox, source) as subject:
        assert [seen.value for seen in answers(subject, "relu", "relu_derivative", argument=3.0)] == [6.0, 6.0]
        assert subject.loaded.notices == ()


@pytest.mark.parametrize("what", ENDLESS)
def test_what_does_not_end_is_ended_at_the_limit(sandbox, what):

    with subject_of(sandbox, with_body(ENDLESS[what])) as subject:
        assert subject.loaded.defined
        seen = answer(subject, "relu", limit_s=0.4)
        assert seen == TimedOut(0.4)
        assert answer(subject, "relu_derivative").value == 7.0


def test_the_limit_is_for_all_questions_together(sandbox):
    with subject_of(sandbox, with_body("time.sleep(0.3)\nreturn 1.0")) as subject:
        seen = answers(subject, *["relu"] * 5, limit_s=0.5)
    assert [type(item) for item in seen] == [Answered, TimedOut]


# ---------------------------------------------------------------------------- the process's own end
def test_the_end_of_the_process_is_the_functions_own(sandbox):
    assert attacked(sandbox, "os._exit(0)") == Died("the program ended the process (exit status 0)")
    assert attacked(sandbox, "ctypes.string_at(0)") == Died("the process was ended by SIGSEGV")
    assert attacked(sandbox, "os.abort()").reason.endswith(("SIGABRT", "SIGSEGV"))  # process 1 ignores the first
    assert attacked(sandbox, "ctypes.CDLL(None).syscall(0x40000001)") == Died("the process was ended by SIGSYS")


def test_leaving_politely_is_only_an_exception(sandbox):
    assert attacked(sandbox, "sys.exit(0)") == Raised("SystemExit", "0", attacked(sandbox, "sys.exit(0)").location)
    assert attacked(sandbox, "raise KeyboardInterrupt").kind == "KeyboardInterrupt"


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSTOP", "SIGTERM", "SIGXCPU"])
def test_a_signal_to_itself_ends_or_stops_only_itself(sandbox, name):
    """As process 1 of its namespace it ignores most; elsewhere it is stopped and times out, or ends."""
    seen = attacked(sandbox, f"os.kill(os.getpid(), signal.{name})\nreturn 1.0", limit_s=0.4)
    assert isinstance(seen, (Answered, TimedOut, Died, OutOfMemory))


def test_no_other_process_can_be_signalled(sandbox):
    body = "return [signalled(pid) for pid in (os.getppid(), 0, -1, -os.getpid(), 2, os.getpid() + 1)]"
    source = with_body(body) + (
        "def signalled(pid):\n"
        "    try:\n        os.kill(pid, 0)\n    except OSError:\n        return False\n    return os.getpid() != pid\n"
    )
    with subject_of(sandbox, source) as subject:
        assert answer(subject, "relu").value == (False,) * 6


def test_deep_recursion_is_an_exception_and_without_a_limit_a_crash(sandbox):
    assert attacked(sandbox, "return relu(S)").kind == "RecursionError"
    body = "sys.setrecursionlimit(10**9)\ndef down(x): return down(np.vectorize(down)(x))\nreturn down(np.ones(1))"
    assert isinstance(attacked(sandbox, body), (Died, OutOfMemory))


def test_threads_that_live_on_do_no_harm(sandbox):
    body = """
def forever():
    while True: time.sleep(0.01)
for _ in range(5):
    threading.Thread(target=forever).start()
return 3.0"""
    assert attacked(sandbox, body).value == 3.0


# ---------------------------------------------------------------------------- too much
TOO_MUCH_MEMORY = {
    "a tensor": "return torch.empty(25 * 10**9)",
    "a tensor that is touched": "return torch.ones(10**9).sum()",
    "an array": "return np.ones(10**10).sum()",
    "a bytearray": "return bytearray(100 << 30)",
    "a list": "a = [0]\nwhile True: a += a",
    "many strings": "a = []\nwhile True: a.append('x' * 10**6 + str(len(a)))",
}


@pytest.mark.parametrize("what", TOO_MUCH_MEMORY)
def test_too_much_memory_is_named_with_its_line(sandbox, what):
    seen = attacked(sandbox, TOO_MUCH_MEMORY[what], limit_s=5)
    assert isinstance(seen, OutOfMemory)
    assert seen.limit_bytes == LIMITS.memory_bytes
    assert seen.location.line >= 10


def test_printing_without_end_is_ended_and_printing_much_is_not(sandbox):
    assert attacked(sandbox, "while True: print('x' * 1000)") == Died("it printed without end")
    assert attacked(sandbox, "while True: os.write(2, b'x' * 4096)") == Died("it printed without end")
    assert attacked(sandbox, "print('x' * 200_000)\nreturn 2.0").value == 2.0


FULL = """
made = 0
try:
    while True:
        {action}
        made += 1
except OSError:
    pass
time.sleep(0.6)
return float(made)"""


@pytest.mark.parametrize(
    "action",
    [
        "open(f'f{made}', 'wb').write(b'x' * (1 << 20))",
        "open(f'f{made}', 'wb').close()",
        "os.mkdir('d'); os.chdir('d')",
        "os.makedirs(f'{made}/a/b')",
        "open('f', 'ab').write(b'x' * (1 << 20))",
    ],
    ids=["bytes", "files", "depth", "folders", "one file"],
)
def test_a_full_scratch_folder_ends_nobody_else(sandbox, action):
    seen = attacked(sandbox, FULL.format(action=action), limit_s=5)
    if sandbox.examine().level == "strong" or "'ab'" in action:  # the file system itself says no
        assert isinstance(seen, Answered)
        assert 0 < seen.value < 5000
    else:
        assert seen == Died("it filled its scratch folder")


def test_a_program_deeper_than_the_stack_leaves_no_folder(sandbox):
    body = "for _ in range(600):\n    os.mkdir('d'); os.chdir('d')\nopen('end', 'w').close()\nreturn 1.0"
    assert attacked(sandbox, body).value == 1.0
    scratch = sandbox._template.private / "scratch"
    assert not scratch.exists() or len(list(scratch.iterdir())) <= 1  # the one that is open


# ---------------------------------------------------------------------------- at load time
TOP_LEVEL = {
    "ends": ("os._exit(0)", "ended the process"),
    "swallows the limit": (
        "while True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass",
        "did not end within",
    ),
    "prints without end": ("while True: print('x' * 10**5)", "printed without end"),
    "crashes": ("ctypes.string_at(0)", "SIGSEGV"),
}


@pytest.mark.parametrize("what", TOP_LEVEL)
def test_a_statement_that_costs_the_process_is_left_out(sandbox, what):
    statement, reason = TOP_LEVEL[what]
    source = SOURCE.format(body="    return 1.0").replace("def relu(S)", statement + "\n\ndef relu(S)")
    with subject_of(sandbox, source) as subject:
        assert set(subject.loaded.defined) == {"relu", "relu_derivative", "count_targets"}
        assert [n.location.line for n in subject.loaded.notices] == [9]
        assert reason in subject.loaded.notices[0].message
        seen = answers(subject, "relu", "relu_derivative", "count_targets")
    assert [item.value for item in seen] == [1.0, 7.0, 8.0]


def test_a_program_of_nothing_but_ends_is_given_up(sandbox):
    with subject_of(sandbox, "import os\n" + "os._exit(0)\n" * 30) as subject:
        assert subject.loaded.defined == {}
        assert isinstance(answer(subject, "relu"), Died)


def test_a_submission_has_no_more_than_its_whole_time():
    limits = Limits(time_s=0.5, factor=2)
    with Sandbox(limits=limits) as sandbox, subject_of(sandbox, with_body("while True: pass")) as subject:
        sandbox.ready()
        seen = [answer(subject, "relu", limit_s=0.5) for _ in range(4)]
        assert all(isinstance(item, TimedOut) for item in seen)
        assert seen[-1] == TimedOut(limits.whole_s)


# ---------------------------------------------------------------------------- the line itself
FORGE = """
def framed(header, payload=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(text), len(payload)) + text + payload
def everywhere(data):
    for fd in range(64):
        try:
            os.write(fd, data)
        except OSError:
            pass
right = {"value": ["f", "0x1p0"]}
"""
FORGERIES = {
    "early answers": "for i in range(20): everywhere(framed({'id': i, **right}))",
    "late answers": "everywhere(framed({'id': 0, **right}) * 3)",
    "answers to nothing": "everywhere(framed({'id': 99, **right}))",
    "ids of other kinds": "everywhere(framed({'id': [True, '0', 10**400], **right}))",
    "no answer": "everywhere(framed({'id': 0}))",
    "a loaded message": "everywhere(framed({'loaded': {'defined': {'relu': [1, 1]}}}))",
    "the end of a run": "everywhere(framed({'ended': 1, 'code': 0}))",
    "junk": "everywhere(b'junk' * 99)",
    "no JSON": "everywhere(framed(b'\\xff' * 9))",
    "a long frame": "everywhere(struct.pack('<II', 2**32 - 1, 2**32 - 1))",
    "a huge array": "everywhere(framed({'id': 0, 'value': ['a', 'f8', [2**26] * 16, 0]}))",
    "a million headers": "os.write(4, framed({'id': 0, 'value': ['t', [['n']] * 49_000]}) * 5)",
    "hostile types": "everywhere(framed({'id': 0, 'value': ['n'], 'mutated': 1, 'evidence': [[]], 'location': {}}))",
    "hostile words": "everywhere(framed({'id': 0, 'raised': 5, 'message': {}, 'missing': 1, 'location': [1e9, '']}))",
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_frame_is_at_most_a_wrong_answer(sandbox, what):
    source = with_body(FORGE + FORGERIES[what] + "\nreturn 5.0")
    with subject_of(sandbox, source) as subject:
        seen = answers(subject, "relu", "relu_derivative", limit_s=1)
        assert all(isinstance(item, (Answered, Raised, Malformed, Died, TimedOut)) for item in seen)
        assert isinstance(answers(subject, "relu_derivative", limit_s=1)[-1], (Answered, Malformed))
        subject.close()  # and with it whatever was sent too early
        assert answer(subject, "relu_derivative").value == 7.0


@pytest.mark.parametrize(
    "fake", ["{}", "[]", "'x'", "{'defined': {'relu': [-1, 1e9]}, 'others': [1], 'notices': [1, {}]}"]
)
def test_a_forged_loaded_message_is_read_with_care(sandbox, fake):
    source = (
        "import json, os, struct\n" + FORGE + f"os.write(4, framed({{'loaded': {fake}}}))\ndef relu(S): return 1.0\n"
    )
    with subject_of(sandbox, source) as subject:
        assert set(subject.loaded.defined) <= {"relu"}
        assert isinstance(answer(subject, "relu"), (Answered, Malformed))


def test_closing_every_descriptor_ends_the_child_not_the_grader(sandbox):
    assert isinstance(attacked(sandbox, "os.closerange(0, 4096)\nreturn 1.0"), (Died, Malformed))
    assert isinstance(attacked(sandbox, "os.closerange(0, 4096)\nwhile True: pass"), Malformed)
    assert attacked(sandbox, "os.closerange(0, 3)\nos.closerange(5, 4096)\nreturn 1.0").value == 1.0


def test_answers_left_unread_are_not_taken_for_later_ones(sandbox):
    from grader.model import Question  # noqa: PLC0415 - asked in pieces here only

    with subject_of(sandbox, with_body("return S")) as subject:
        stream = subject.ask([Question("relu", (float(n),)) for n in range(5)], limit_s=2)
        assert next(stream).value == 0.0
        stream.close()
        assert answer(subject, "relu", 9.0).value == 9.0


# ---------------------------------------------------------------------------- hostile values
RAISED = {
    "a class that cannot be said": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
        "E",
    ),
    "surrogates": ("raise ValueError('\\ud800\\x1b[31m\\u202e')", "ValueError"),
    "100 MB": ("raise ValueError('x' * 10**8)", "ValueError"),
    "a name that lies": (
        "class M(type):\n    __name__ = property(lambda c: 1 / 0)\nclass E(Exception, metaclass=M): pass\nraise E",
        "E",
    ),
    "a base exception": ("class E(BaseException): pass\nraise E('gone')", "E"),
    "no exception": ("raise 5", "TypeError"),
    "an array that raises": (
        "class A:\n    def __array__(self, *a, **k): raise ValueError\nreturn A()",
        "ValueError",
    ),
    "a float that raises": ("class F:\n    def __float__(self): raise KeyError\nreturn F()", "KeyError"),
    "attributes that raise": (
        "class A:\n    def __getattr__(self, name): raise OSError('no')\nreturn A()",
        "OSError",
    ),
}


@pytest.mark.parametrize("what", RAISED)
def test_hostile_exceptions_are_put_in_words(sandbox, what):
    body, kind = RAISED[what]
    seen = attacked(sandbox, body)
    assert isinstance(seen, Raised)
    assert seen.kind == kind
    assert not seen.missing
    assert len(seen.message) <= 500
    assert seen.message.isprintable()
    seen.message.encode("utf-8")


MALFORMED = {
    "text": "return 'wrong'",
    "a dict": "return {'a': 1}",
    "a generator": "return (x for x in [1.0])",
    "a function": "return relu",
    "complex": "return torch.zeros(2, dtype=torch.cfloat)",
    "itself": "a = []\na.append(a)\nreturn a",
    "a view of terabytes": "return torch.zeros(1).expand(1 << 38)",
    "more than a frame": "return torch.zeros(9 << 20, dtype=torch.float64)",
    "too many numbers": "return [[1] * 1000] * 1000",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_no_answer_is_malformed_and_the_child_goes_on(sandbox, what):
    with subject_of(sandbox, with_body(MALFORMED[what])) as subject:
        seen = answers(subject, "relu", "relu_derivative")
    assert isinstance(seen[0], (Malformed, OutOfMemory))
    assert seen[1].value == 7.0


def test_liars_become_plain_numbers(sandbox):
    body = """
class Yes(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
    def __float__(self): return 1.0
class T(torch.Tensor): pass
return [Yes(3), torch.ones(2).as_subclass(T), 10**400, -10**400]"""
    three, ones, big, small = attacked(sandbox, body).value
    assert (type(three), three) == (int, 3)
    assert ones.tolist() == [1.0, 1.0]
    assert (big, small) == (float("inf"), float("-inf"))


def test_a_stub_is_missing_and_an_error_from_a_library_is_not(sandbox):
    assert attacked(sandbox, "raise NotImplementedError").missing
    assert not attacked(sandbox, "return torch.zeros(2, device='meta').cpu()").missing
