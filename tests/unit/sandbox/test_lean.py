"""The template's torch lacks what only compilers ask for, and whoever imports more of torch does not notice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from grader.sandbox.inside import lean

SANDBOX = Path(lean.__file__).parents[1]
MORE = ("torch._prims", "torch.utils._content_store", "torch._meta_registrations", "torch.no_such")
EACH = """
import importlib, json, os, sys
sys.path.insert(0, {sandbox!r})
from inside.lean import import_torch
torch = import_torch()
repr((torch.ones(2, requires_grad=True) * 2).sum())
found = {{"left out": "torch._prims" not in sys.modules}}
for name in {more!r}:
    read, write = os.pipe()
    if os.fork() == 0:
        try:
            module = importlib.import_module(name)
            again = importlib.reload(sys.modules["json"]) is json  # the import system is as it was
            said = [module.__name__, module.__spec__.name, type(module.__spec__.loader).__name__, again]
        except BaseException as error:
            said = [type(error).__name__, str(error)]
        os.write(write, json.dumps(said).encode())
        os._exit(0)
    os.close(write)
    found[name] = json.loads(os.read(read, 4096))
    os.wait()
if os.fork() == 0:
    torch.optim.Adam([torch.zeros(1, requires_grad=True)]).step()
    os._exit(7)
found["optimizer"] = os.waitstatus_to_exitcode(os.wait()[1])
print(json.dumps(found))
"""


def test_every_further_module_of_torch_comes_as_after_a_whole_import():
    code = EACH.format(sandbox=str(SANDBOX), more=MORE)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)

    assert found.pop("left out")
    assert found.pop("optimizer") == 7
    assert found.pop("torch.no_such")[0] == "ModuleNotFoundError"
    assert found == {name: [name, name, "SourceFileLoader", True] for name in MORE[:-1]}


def test_the_version_that_this_project_is_tested_with_is_known():
    assert lean._version() == ".".join(torch.__version__.split(".")[:2])
    assert lean._version() in lean._KNOWN


@pytest.mark.parametrize("text", ["", "__version__ = 2", "version = '2.13.0'"])
def test_a_version_that_cannot_be_told_is_none(tmp_path, monkeypatch, text):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").touch()
    if text:
        (tmp_path / "torch" / "version.py").write_text(text, encoding="utf-8")
    spec = type("Spec", (), {"origin": str(tmp_path / "torch" / "__init__.py")})
    monkeypatch.setattr(lean.importlib.util, "find_spec", lambda _: spec)

    assert lean._version() == ""
