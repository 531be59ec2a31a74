"""Start the template process, and talk to it. Imports next to nothing: a command calls this before anything else.

The template is a process of ours: what it says is believed, and its silence is our fault (SandboxError).
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.errors import SandboxError
from grader.sandbox import paths
from grader.sandbox.inside.scratch import remove_tree

__all__ = ["Switches", "Template", "boot_command", "clean_environment"]

_BOOT = (
    "import sys, importlib.util as u; sys.path[:] = {path!r}; "
    "s = u.spec_from_file_location('inside', {init!r}, submodule_search_locations=[{folder!r}]); "
    "m = u.module_from_spec(s); sys.modules['inside'] = m; s.loader.exec_module(m); "
    "from inside.{module} import main; main({argument!r})"
)
_INSIDE = Path(__file__).parent / "inside"
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",  # before torch is imported: a fork of a process with more hangs
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # large pages, where the kernel gives them: a fork takes half the time
    "MPLBACKEND": "Agg",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # asking for CUDA must not open it before the fork
    "TORCHINDUCTOR_CACHE_DIR": "/",  # made when torch's optimizers are imported, and left behind: one that is there
}
_INHERITED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


@dataclass(frozen=True)
class Switches:
    """Layers to use; all of them, but in tests that show what one layer stops."""

    namespaces: bool = True
    landlock: bool = True
    seccomp: bool = True
    rlimits: bool = True
    setuid: bool = True


def boot_command(module: str, argument: int | str) -> list[str]:
    """A fresh interpreter, isolated, without site hooks, that runs `inside.<module>.main(argument)`."""
    init = str(_INSIDE / "__init__.py")
    code = _BOOT.format(path=paths.search_path(), init=init, folder=str(_INSIDE), module=module, argument=argument)
    return [sys.executable, "-I", "-S", "-c", code]


def clean_environment() -> dict[str, str]:
    """What the template sees of the environment: nothing that could hold a secret."""
    return {**_ENVIRONMENT, **{name: os.environ[name] for name in _INHERITED if name in os.environ}}


def _name_of_a_folder() -> Path:
    try:
        return Path(tempfile.gettempdir()) / f"grade-{os.urandom(8).hex()}"
    except OSError as fault:
        raise SandboxError(f"there is no folder for temporary files: {fault}") from fault


class Template:
    """The template process, starting as soon as this is made. Raises SandboxError.

    `private` is a folder of the supervisor's own; it is made once the template is there to remove it, should this
    process be killed. On systems other than Linux there is no process: children are started one by one (`confining`
    False).
    """

    def __init__(self, *, device: str = "cpu", switches: Switches | None = None) -> None:
        self.device = device
        self.confining = sys.platform == "linux"
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.private = _name_of_a_folder()
        try:
            if self.confining:
                self._start(switches or Switches())
            else:
                self.make_private()
        except BaseException as fault:
            self.close()
            if isinstance(fault, OSError):
                raise SandboxError(f"the sandbox's template process could not be started: {fault}") from fault
            raise

    def make_private(self) -> None:
        """Make the folder `private`, and in it `scratch` for what children write. Raises SandboxError."""
        try:
            for folder in (self.private, self.private / "scratch"):
                folder.mkdir(mode=0o700)  # never one that is there: it would be somebody else's
                folder.chmod(0o711)
        except OSError as fault:
            raise SandboxError(f"no folder of the sandbox's own can be made: {fault}") from fault

    def _start(self, switches: Switches) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                boot_command("template", theirs.fileno()),
                env=clean_environment(),
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,  # Ctrl-C is the supervisor's to handle
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("GRADE_DEBUG_TEMPLATE") else subprocess.DEVNULL,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._control = ours
        configuration = {
            "layers": asdict(switches),
            "readable": paths.readable(),
            "masked": paths.masked(),
            "device": self.device,
            "private": str(self.private),
            "scratch_root": str(self.private / "scratch"),
            "unused_uid": paths.unused_uid(),
        }
        self.send({"configure": configuration})

    def send(self, message: dict[str, Any], fds: list[int] | None = None) -> None:
        """Send one control message, with descriptors. Raises SandboxError if the template is gone."""
        data = json.dumps(message).encode("ascii")
        try:
            if self._control is None:
                raise BrokenPipeError("closed")
            if fds:
                socket.send_fds(self._control, [data], fds)
            else:
                self._control.send(data)
        except OSError as fault:
            raise SandboxError(f"the sandbox's template process is gone: {fault}") from fault

    def answers_within(self, seconds: float) -> bool:
        """Whether a message is there, waiting at most so long."""
        return self._control is not None and bool(select.select([self._control], [], [], seconds)[0])

    def hear(self, within_s: float) -> dict[str, Any]:
        """The template's next message. Raises SandboxError if it is late or gone."""
        if not self.answers_within(within_s):
            raise SandboxError(f"the sandbox's template process did not answer within {within_s:.0f} s")
        assert self._control is not None
        try:
            data = self._control.recv(1 << 16)
        except OSError as fault:
            raise SandboxError(f"the sandbox's template process is gone: {fault}") from fault
        if not data:
            raise SandboxError("the sandbox's template process ended unexpectedly")
        message: dict[str, Any] = json.loads(data)
        return message

    def close(self) -> None:
        """End the template and whatever it started; remove what lies on disk. May be called twice."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        remove_tree(str(self.private))
