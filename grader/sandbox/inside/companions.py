"""Modules that came along with a submission, importable from memory."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["CompanionFinder", "companion_filename", "register_source"]


def companion_filename(name: str) -> str:
    """Return the file name that tracebacks show for companion `name`."""
    return f"<{name}.py>"


def register_source(filename: str, source: str) -> None:
    """Let tracebacks and `inspect.getsource` find the text behind `filename`."""
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)


class CompanionFinder(MetaPathFinder, Loader):
    """Finds and loads the companions: finder and loader in one, put before the path's own finder.

    A name with others below it (`helpers`, `helpers.maths`) is a package. They run when they are imported, within the
    time of the statement that does.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = dict(sources)

    @property
    def filenames(self) -> frozenset[str]:
        """File names of all companions."""
        return frozenset(map(companion_filename, self._sources))

    def install(self) -> None:
        """Make the companions importable, before anything of the same name on the path."""
        for name in self._sources:
            sys.modules.pop(name, None)
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 -- the same
    ) -> ModuleSpec | None:
        """Find `fullname` among the companions."""
        if fullname not in self._sources:
            return None
        package = any(other.startswith(f"{fullname}.") for other in self._sources)
        return ModuleSpec(fullname, self, origin=companion_filename(fullname), is_package=package)

    def create_module(self, spec: ModuleSpec) -> None:
        """Take the default module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the companion's text."""
        name = module.__name__
        filename = companion_filename(name)
        source = self._sources[name]
        register_source(filename, source)
        module.__file__ = filename
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 -- confined student code
