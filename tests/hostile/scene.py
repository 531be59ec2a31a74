"""What surrounds a run: secrets where a thief would look, doors somebody may knock at, neighbours to be harmed.

A `Scene` is planted once for a process of the harness; `begin` and `end` bracket each run, and `end` says which probes
fired. Everything is looked at from outside the child.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from grader.cases.cache import default_cache_dir

__all__ = ["Scene"]

_ROOT = Path(__file__).resolve().parents[2]
_SLEEPER = """
import ctypes, os, sys, time
secret = ctypes.create_string_buffer(os.environ["SECRET"].encode())
libc = ctypes.CDLL(None)
libc.capset(ctypes.create_string_buffer(b"\\x22\\x05\\x08\\x20" + bytes(8)), ctypes.create_string_buffer(24))
libc.prctl(4, 1, 0, 0, 0)
libc.prctl(1, 9, 0, 0, 0)
libc.prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
file = open(sys.argv[2])
print(ctypes.addressof(secret), file.fileno(), flush=True)
while True:
    time.sleep(60)
"""  # no capabilities, like a child; so that without layers nothing but the user would guard it
_ORACLE_BITS = 64
_IPC_CREATE = 0o1000


def _token() -> str:
    return f"canary-{secrets.token_hex(16)}"


def _line_of(path: Path) -> bytes:
    """A line of the file that is found nowhere else."""
    lines = path.read_bytes().splitlines()
    return max(lines[:40], key=len)


class Scene:
    """The surroundings. `values` fill the placeholders of an attack, `tokens` are what must not come out."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hostile-"))
        self.folder.chmod(0o711)
        self._stack = contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.tokens: dict[str, bytes] = {}
        self.values: dict[str, str] = {}
        self.secret_in_memory = self._plant("memory")
        self._plant_files()
        self._plant_environment()
        self._plant_oracle()
        self._open_doors()
        self.values["claim"] = self.claim = f"claim-{secrets.token_hex(8)}"
        self.values["shm"], self.values["shared_secret"] = str(self._key()), str(self._key())
        self._share_secrets()
        self._sleeper: subprocess.Popen[str] | None = None
        for name in ("process_argument", "process_environment"):
            self._plant(name)

    def _plant(self, name: str) -> str:
        token = _token()
        self.tokens[name] = token.encode()
        return token

    # ------------------------------------------------------------------ secrets
    def _plant_files(self) -> None:
        home = self.folder / "home"
        home.mkdir(mode=0o700)
        for name in ("home_file", "rubric_file", "other_file"):
            path = home / f"{name}.py"
            path.write_text(f'"""{self._plant(name)}"""\nseed = "secret"\n', encoding="ascii")
            path.chmod(0o600)
            self.values[name] = str(path)
        for name, inner in (("reference_file", "reference/rnn.py"), ("package_file", "grader/judge/check.py")):
            self.values[name] = str(_ROOT / inner)
            self.tokens[name] = _line_of(_ROOT / inner)
        self.tokens["passwd"] = Path("/etc/passwd").read_bytes().splitlines()[0]
        self.values["outside"] = str(self.folder / "outside")
        self.inherited = os.open(home / "home_file.py", os.O_RDONLY)  # a descriptor careless graders pass on
        os.set_inheritable(self.inherited, True)  # noqa: FBT003 - positional only
        self._stack.callback(os.close, self.inherited)

    def bank_is_there(self) -> None:
        """Once a grader has run: the cached case bank, with all that is expected, is one more secret."""
        folder = default_cache_dir()
        banks = sorted(folder.glob("*.bank"), key=lambda path: path.stat().st_mtime) if folder else []
        if banks:
            self.values["bank_file"] = str(banks[-1])
            self.tokens["bank"] = banks[-1].read_bytes().splitlines()[1][:60]

    def _plant_environment(self) -> None:
        self.values["env_name"] = "GRADER_SECRET"
        os.environ["GRADER_SECRET"] = self._plant("environment")
        self._stack.callback(os.environ.pop, "GRADER_SECRET", None)

    def _plant_oracle(self) -> None:
        """Files whose existence spells a number."""
        folder = self.folder / "home" / "oracle"
        folder.mkdir()
        number = secrets.randbits(_ORACLE_BITS) | 1
        for bit in range(_ORACLE_BITS):
            if number >> bit & 1:
                (folder / str(bit)).touch()
        self.values["oracle"] = str(folder)
        self.tokens["oracle"] = f"oracle-{number:016x}".encode()

    def _share_secrets(self) -> None:
        """A segment of shared memory and a key: both outlive processes, neither lies in a folder."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        segment = libc.shmget(int(self.values["shared_secret"]), 4096, _IPC_CREATE | 0o666)
        if segment >= 0:
            address = libc.shmat(segment, None, 0)
            token = self._plant("shared_memory").encode()
            ctypes.memmove(address, token, len(token))
            libc.shmdt(ctypes.c_void_p(address))
            self._stack.callback(libc.shmctl, segment, 0, None)
        add_key, keyctl = (248, 250) if os.uname().machine == "x86_64" else (217, 219)
        libc.syscall(ctypes.c_long(keyctl), 1, None)  # a session keyring of this process's own
        token = self._plant("keyring").encode()
        libc.syscall(ctypes.c_long(add_key), b"user", b"hostile", token, ctypes.c_size_t(len(token)), -3)

    # ------------------------------------------------------------------ doors
    def _open_doors(self) -> None:
        kinds = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "door")),
            "datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, str(self.folder / "post")),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, "\0hostile" + secrets.token_hex(4)),
        }
        self._doors = {}
        for name, (family, kind, address) in kinds.items():
            door = self._stack.enter_context(socket.socket(family, kind))
            door.bind(address)
            if kind == socket.SOCK_STREAM:
                door.listen(8)
            door.settimeout(0)
            self._doors[name] = door
            self.values[name] = str(address).lstrip("\0")
            if family == socket.AF_INET:
                self.values[name] = str(door.getsockname()[1])
            elif not str(address).startswith("\0"):
                Path(address).chmod(0o777)

    def _knocked(self, name: str) -> bool:
        door, fired = self._doors[name], False
        with contextlib.suppress(OSError):
            while True:
                if door.type == socket.SOCK_DGRAM:
                    door.recv(64)
                else:
                    door.accept()[0].close()
                fired = True
        return fired

    # ------------------------------------------------------------------ one run
    @staticmethod
    def _key() -> int:
        return random.SystemRandom().randrange(1 << 20, 1 << 30)

    def begin(self, template: int) -> dict[str, str]:
        """Set up for a run under the process `template`; what fills the attack's placeholders."""
        outside = self.folder / "outside"
        shutil.rmtree(outside, ignore_errors=True)
        outside.mkdir()
        outside.chmod(0o777)
        victim = outside / "victim"
        victim.write_text("untouched", encoding="ascii")
        victim.chmod(0o666)
        self._victim = (victim, self._look_at(victim))
        if self._sleeper is None or self._sleeper.poll() is not None:
            self._sleep()
        assert self._sleeper is not None
        self._limits = self._limits_of_sleeper()
        self.marker = f"hx{secrets.token_hex(5)}"
        self._shared = self._shared_things()
        return {
            **self.values,
            "victim": str(victim),
            "supervisor": str(os.getpid()),
            "template": str(template),
            "canary_pid": str(self._sleeper.pid),
            "marker": self.marker,
        }

    def _sleep(self) -> None:
        """Start the process of the same user that attacks may go for, with secrets of its own."""
        argument = self.tokens["process_argument"].decode()
        self._sleeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _SLEEPER, argument, self.values["other_file"]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={"SECRET": self.tokens["process_environment"].decode()},
            text=True,
        )
        assert self._sleeper.stdout is not None
        address, file = self._sleeper.stdout.readline().split()
        self.values["canary_address"], self.values["canary_descriptor"] = address, file
        os.setpriority(os.PRIO_PROCESS, self._sleeper.pid, 5)

    @staticmethod
    def _look_at(path: Path) -> tuple[object, ...]:
        try:
            info = path.stat()
            return path.read_bytes(), info.st_mode, info.st_uid, info.st_mtime_ns, info.st_nlink
        except OSError:
            return ()

    def _limits_of_sleeper(self) -> tuple[object, ...]:
        assert self._sleeper is not None
        pid = self._sleeper.pid
        try:
            kinds = (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_CPU)
            limits = tuple(resource.prlimit(pid, kind) for kind in kinds)
            return (*limits, os.getpriority(os.PRIO_PROCESS, pid), os.sched_getaffinity(pid))
        except OSError:
            return ()

    @staticmethod
    def _shared_things() -> frozenset[str]:
        """What lies in memory that outlives processes: System V objects, POSIX shared memory and queues."""
        found = []
        for kind in ("shm", "sem", "msg"):
            with contextlib.suppress(OSError):
                rows = Path(f"/proc/sysvipc/{kind}").read_text(encoding="ascii").splitlines()[1:]
                found += [f"{kind} {row.split()[0]} {row.split()[1]}" for row in rows]
        for folder in ("/dev/shm", "/dev/mqueue"):  # noqa: S108 - looked at, not used
            with contextlib.suppress(OSError):
                found += [str(path) for path in Path(folder).iterdir()]
        return frozenset(found)

    @staticmethod
    def _remove_shared(things: list[str]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        for thing in things:
            if thing.startswith("/"):
                Path(thing).unlink(missing_ok=True)
                continue
            kind, _, number = thing.split()
            if kind == "sem":
                libc.semctl(int(number), 0, 0)
            else:
                getattr(libc, f"{kind}ctl")(int(number), 0, None)

    def _signalled(self) -> bool:
        assert self._sleeper is not None
        if self._sleeper.poll() is not None:
            self._sleeper_again()
            return True
        text = Path(f"/proc/{self._sleeper.pid}/stat").read_text(encoding="ascii", errors="replace")
        stopped = text.rpartition(")")[2].split()[0] in "Tt"
        if stopped:
            self._sleeper.send_signal(signal.SIGCONT)
        return stopped

    def end(self, came_out: bytes) -> set[str]:
        """The probes that fired since `begin`, but those of processes (the stand watches them)."""
        victim, before = self._victim
        new = self._shared_things() - self._shared
        fired = {name for name in self._doors if self._knocked(name)}
        if {path.name for path in (self.folder / "outside").iterdir()} - {"victim"}:
            fired.add("file")
        if self._look_at(victim) != before:
            fired.add("changed")
        if left := [thing for thing in new if self.values["shm"] in thing or self.marker in thing]:
            fired.add("shared")
            self._remove_shared(left)
        if self._signalled():
            fired.add("signal")
        if self._sleeper is not None and self._limits_of_sleeper() != self._limits:
            fired.add("limits")
            self._sleeper_again()
        if self.claim.encode() in came_out:
            fired.add("claimed")
        return fired

    def leaked(self, came_out: bytes) -> list[str]:
        """Names of the tokens in what came out."""
        return [name for name, token in self.tokens.items() if token in came_out]

    def _sleeper_again(self) -> None:
        if self._sleeper is not None:
            self._sleeper.kill()
            self._sleeper.wait()
            assert self._sleeper.stdout is not None
            self._sleeper.stdout.close()
            self._sleeper = None

    def close(self) -> None:
        """Take everything away."""
        self._sleeper_again()
        self._stack.close()
