"""Tries attacks: with everything on, and with the layers off that its file names.

One `Harness` is one scene and its warm stands, one for each set of switches, reused over attacks.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass

from attack import Attack
from scene import Scene
from stands import GRACE_S, USUAL, WHOLE_S, GraderStand, NaiveStand, Ran
from typing_extensions import Self
from watcher import Watcher

from publishable import Published

__all__ = ["Harness", "Result", "Tried"]

_MOST_PROCESSES = 70
_SLACK_BYTES = 64 << 20
_NEIGHBOUR = '''
"""The next student's: {token}"""
import os
import tempfile

import torch

SECRET = "{token}"
with open("left", "w") as left:
    left.write(SECRET)
with open(os.path.join(tempfile.gettempdir(), "left"), "w") as left:
    left.write(SECRET)

def relu(S):
    return torch.clamp(S, min=0)
'''


@dataclass(frozen=True)
class Result:
    """One run: whether the attack succeeded and how that showed; `named`: the report says what the file says."""

    succeeded: bool
    signs: tuple[str, ...]
    outcome: str
    verdict: str
    named: bool
    wall_s: float
    reason: str = ""


@dataclass(frozen=True)
class Tried:
    """An attack at a level as a user: with everything on, and with its layers off (None: not tried)."""

    attack: Attack
    level: str
    user: str
    on: Result
    off: Result | None

    @property
    def stopped(self) -> bool:
        """It failed, with the verdict that its file names."""
        return not self.on.succeeded and self.on.named

    @property
    def allowed(self) -> bool:
        """It got through, and the threat model says that it may."""
        allowances = {"policy"} | ({"standard"} if self.level != "strong" else set())
        return self.on.succeeded and self.on.named and not allowances.isdisjoint(self.attack.allowed)

    @property
    def real(self) -> bool:
        """It succeeds where nothing stops it: an attack that never could shows nothing."""
        return self.off is None or self.off.succeeded


class Harness:
    """A scene and its stands, at `level` as `user` (names only: `levels.py` has put this process there)."""

    def __init__(self, *, level: str = "strong", user: str = "root") -> None:
        self.level, self.user = level, user
        self.scene = Scene()
        token = self.scene._plant("neighbour")
        self._neighbour = _NEIGHBOUR.format(token=token)
        self._base = frozenset({"namespaces"}) if level == "standard-root" else frozenset()
        self._stands: dict[frozenset[str], GraderStand | NaiveStand] = {}
        self._started = 0
        self.published = Published()

    def stand(self, off: frozenset[str] = frozenset()) -> GraderStand | NaiveStand:
        """The warm stand with `off` switched off; started at the first call."""
        key = off if "naive" in off else off | self._base
        if key not in self._stands:
            secret = self.scene.secret_in_memory
            self._started += 1
            folder = self.scene.folder / f"stand{self._started}"
            if "naive" in key:
                stand: GraderStand | NaiveStand = NaiveStand(
                    secret=secret, neighbour=self._neighbour, inherited=self.scene.inherited, folder=folder
                )
            else:
                published = None if off else self.published
                stand = GraderStand(
                    off=key, secret=secret, neighbour=self._neighbour, folder=folder, published=published
                )
                self.scene.bank_is_there()
            self._stands[key] = stand
        return self._stands[key]

    @property
    def in_force(self) -> str:
        """What confines a child with everything on, as the grader found it."""
        stand = self.stand()
        assert isinstance(stand, GraderStand)
        found = stand.isolation
        return f"in force: {found.level} ({', '.join(found.layers)})"

    def forget(self, off: frozenset[str] = frozenset()) -> None:
        """End the stand with `off` switched off (an attack may have hurt it); the next use starts it anew."""
        stand = self._stands.pop(off if "naive" in off else off | self._base, None)
        if stand is not None:
            stand.close()

    # ------------------------------------------------------------------ trying
    def attempt(self, attack: Attack, *, off: bool = True) -> Tried:
        """Try `attack` with everything on and, if asked for, with its layers off.

        Without layers it is tried twice if need be: an attack before it may have hurt the stand, and on a busy machine
        one may run out of time. That it can succeed is all that is to be shown.
        """
        on = self._try(attack, frozenset())
        without = self._try(attack, attack.off) if off else None
        if without is not None and not without.succeeded:
            self.forget(attack.off)
            without = self._try(attack, attack.off)
        return Tried(attack, self.level, self.user, on, without)

    def _try(self, attack: Attack, off: frozenset[str]) -> Result:
        stand = self.stand(off)
        values = self.scene.begin(stand.root)
        source = re.sub(r"@([a-z_]+)@", lambda found: values.get(found[1], found[0]), attack.source)
        folder = self.scene.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        watcher = Watcher(stand.root, values["marker"])
        ran = stand.run(source, folder, patient=attack.sign != "harm")  # to last too long is a harm
        seen, left = watcher.stop()
        fired = self.scene.end(ran.came_out)
        fired |= {name for name, yes in (("process", seen), ("survivor", left)) if yes}
        harm = set()
        if not off or attack.sign == "harm":  # without layers a stand that falls over shows nothing for another sign
            harm = self._harm(stand, ran, watcher)
        if off and "naive" not in off and (harm or ran.outcome != "graded"):
            self.forget(off)
        return self._judge(attack, ran, fired, harm)

    @staticmethod
    def _neighbour_now(stand: GraderStand | NaiveStand) -> dict[str, str]:
        try:
            return stand.neighbour()
        except Exception as fault:  # noqa: BLE001 - a grader that falls over is what is looked for
            return {"crashed": f"{type(fault).__name__}: {fault}"}

    def _harm(self, stand: GraderStand | NaiveStand, ran: Ran, watcher: Watcher) -> set[str]:
        harm = set()
        if ran.outcome not in ("graded", "unreadable"):
            harm.add(f"harm: {ran.outcome} ({ran.reason})")
        if ran.wall_s > WHOLE_S + GRACE_S:
            harm.add(f"harm: {ran.wall_s:.1f} s")
        if watcher.most_bytes > USUAL.memory_bytes + _SLACK_BYTES:
            harm.add(f"harm: {watcher.most_bytes >> 20} MiB")
        if watcher.most_processes > _MOST_PROCESSES:
            harm.add(f"harm: {watcher.most_processes} processes")
        if (now := self._neighbour_now(stand)) != stand.usual_neighbour:
            harm.add(f"harm: the next submission is judged otherwise ({now})")
        return harm

    def _judge(self, attack: Attack, ran: Ran, fired: set[str], harm: set[str]) -> Result:
        signs = {f"leak {name}" for name in self.scene.leaked(ran.came_out)}
        signs |= {f"effect {name}" for name in fired}
        if attack.sign == "marks" and ran.verdict.get(attack.target) == "passed":
            signs.add(f"marks {attack.target}")
        wanted = {name for name in signs if attack.sign != "harm" and name.startswith(attack.sign)}
        if attack.sign == "effect":
            wanted &= {f"effect {attack.target}"}
        named = ran.outcome == "graded" if attack.verdict else ran.outcome == "unreadable"
        named = named and all(ran.verdict.get(check) in statuses for check, statuses in attack.verdict.items())
        verdict = ", ".join(f"{check} {ran.verdict.get(check)}" for check in attack.verdict) or ran.outcome
        signs |= harm
        return Result(bool(wanted or harm), tuple(sorted(signs)), ran.outcome, verdict, named, ran.wall_s, ran.reason)

    def close(self) -> None:
        """End everything."""
        for stand in self._stands.values():
            stand.close()
        self._stands.clear()
        self.scene.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
