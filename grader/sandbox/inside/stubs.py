"""Stand-ins for what a submission imports or calls that is no part of the exercise: plots, notebooks, progress bars.

They are put in place of the real packages even where those are installed, so that a submission does the same on every
machine, and starts no thread, font cache or display.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import Any, NoReturn

from .inert import Inert
from .magics import RUNS_ITS_BODY

__all__ = ["answer_afresh", "install"]

STUBBED = frozenset(
    {
        "grader",
        "matplotlib",
        "mpl_toolkits",
        "pylab",
        "seaborn",
        "plotly",
        "IPython",
        "ipywidgets",
        "google.colab",
        "tqdm",
        "nbgrader",
        "otter",
    }
)
STUBBED_IF_ABSENT = frozenset(
    {"pandas", "tensorboard", "tensorboardX", "wandb", "torchviz", "graphviz", "torchinfo", "torchsummary"}
)
"""Tables, logs and drawings: who has them may have computed with them."""
_WRITER = "torch.utils.tensorboard"
ABSENT = frozenset({"reference", "student_template"})

_PYPLOT = (
    "plot scatter bar hist imshow contour contourf pcolormesh colorbar figure subplots subplot axis axes gca gcf clf "
    "cla close xlabel ylabel title suptitle legend grid text annotate xlim ylim xticks yticks xscale yscale semilogx "
    "semilogy loglog axhline axvline fill_between errorbar show savefig draw pause tight_layout ion ioff cm rcParams"
)
_ANSWERED_INPUTS = 100


class Progress:
    """A progress bar that shows nothing: its iterable passes through."""

    def __init__(self, iterable: Iterable[Any] | None = None, *_args: Any, **_kwargs: Any) -> None:
        self.iterable: Iterable[Any] = () if iterable is None else iterable
        self.n = 0

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert(f"tqdm.{name}")

    @staticmethod
    def write(*_args: Any, **_kwargs: Any) -> None:
        """Print nothing."""

    @staticmethod
    def pandas(*_args: Any, **_kwargs: Any) -> None:
        """Patch nothing."""


def _trange(*args: Any, **_kwargs: Any) -> Progress:
    return Progress(range(*args))


class StubModule(ModuleType):
    """A package in which every name is there, and inert."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = Inert(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


_STUBBED_HEADS = frozenset(root.partition(".")[0] for root in STUBBED)


def _is_missed(name: str) -> bool:
    """Whether it is a package that does nothing where it is not installed."""
    if name.startswith(_WRITER):
        return _is_absent("tensorboard")
    head = name.partition(".")[0]
    return head in STUBBED_IF_ABSENT and _is_absent(head)


def _is_absent(name: str) -> bool:
    return PathFinder.find_spec(name) is None


def _stubbed(name: str) -> bool:
    if name.partition(".")[0] not in _STUBBED_HEADS:  # asked for every module there is: be quick
        return False
    return any(name == root or name.startswith(f"{root}.") for root in STUBBED)


class StubFinder(MetaPathFinder, Loader):
    """Finds and loads the stubs, and hides what a submission must not find, before any other finder is asked."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 -- the same
    ) -> ModuleSpec | None:
        """Find `fullname` among the stubs. Raises ModuleNotFoundError for what is hidden."""
        if fullname.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        # `google` is also a namespace that other packages share
        if _stubbed(fullname) or _is_missed(fullname) or (fullname == "google" and _is_absent(fullname)):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the package."""
        return StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Fill in the few names that are not inert."""
        module.__dict__["__version__"] = "0.0"
        if module.__name__.partition(".")[0] == "tqdm":
            for name in ("tqdm", "tqdm_notebook"):
                module.__dict__[name] = Progress
            for name in ("trange", "tnrange"):
                module.__dict__[name] = _trange
        if module.__name__ in ("matplotlib.pyplot", "pylab"):
            module.__dict__["__all__"] = _PYPLOT.split()


class _Shell(Inert):
    """What `get_ipython()` gives: inert, but code that an export to a script has wrapped in a magic still runs."""

    def run_line_magic(self, name: str, line: str = "", *_args: object, **_kwargs: object) -> None:
        """Run the statement that `%time` and its like are given."""
        self.run_cell_magic(name, "", line)

    def run_cell_magic(self, name: str, _line: str, body: str) -> None:
        """Run the cell under `%%time` and its like, where it was called from."""
        if name not in RUNS_ITS_BODY:
            return
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- IPython, too, runs it in the caller's namespace
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        if frame is not None:
            exec(compile(body, "<magic>", "exec", dont_inherit=True), frame.f_globals)  # noqa: S102 -- confined student code


class _Input:
    """`input()`: an empty line, but not for ever."""

    def __init__(self) -> None:
        self._left = _ANSWERED_INPUTS

    def __call__(self, _prompt: object = "", /) -> str:
        self._left -= 1
        if self._left < 0:
            raise EOFError(f"input() was called more than {_ANSWERED_INPUTS} times")
        return ""

    def renew(self) -> None:
        """Answer as often as at first."""
        self._left = _ANSWERED_INPUTS


_INPUT = _Input()


def answer_afresh() -> None:
    """Let `input()` answer as often as at first: what is run again and again asks again and again."""
    _INPUT.renew()


def _leave(code: object = None) -> NoReturn:
    raise SystemExit(code)


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    pass


def _uncompiled(model: Any = None, **_options: Any) -> Any:
    """What `torch.compile` gives: the function as it is, which does the same without seconds of preparation."""
    return _uncompiled if model is None else model


def install() -> None:
    """Put the stubs in place in this process, for good; a second call starts `input()` afresh."""
    if not any(isinstance(finder, StubFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, StubFinder())
    # one that was imported before would be found without asking a finder; looking at every name costs a child 3 ms
    if not (_STUBBED_HEADS | ABSENT).isdisjoint(sys.modules):
        for name in list(sys.modules):
            if _stubbed(name) or name.partition(".")[0] in ABSENT:
                del sys.modules[name]
    shell = _Shell("get_ipython()")
    answer_afresh()
    patches = {"input": _INPUT, "get_ipython": lambda: shell, "display": _nothing, "exit": _leave, "quit": _leave}
    for name, value in patches.items():
        setattr(builtins, name, value)
    sys.breakpointhook = _nothing
    if "torch" in sys.modules:
        sys.modules["torch"].compile = _uncompiled  # type: ignore[attr-defined]
