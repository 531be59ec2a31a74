"""An environment of its own for each peer, made with venv and pip, and kept while what it is made of stays."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[3] / ".ci" / "constraints.txt"


def run(command, *, cwd=None, env=None):
    """Its output; a failure shows the end of it."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True
    )
    if done.returncode != 0:
        message = f"{command[0]} ended with status {done.returncode}:\n{done.stdout[-3000:]}"
        raise RuntimeError(message)
    return done.stdout


def torch_folder():
    """Where this interpreter has PyTorch from."""
    return Path(importlib.util.find_spec("torch").origin).parents[1]


def environment(work, package):
    """The folder of the programs of an environment with `package` and ipykernel.

    PyTorch is this interpreter's, in whatever environment it lies: the very same build runs the students' code for all,
    and nobody downloads it twice. Packages of the environment's own come first.
    """
    folder = work / f"env-{package}"
    recipe = f"{sys.version} {folder} {torch_folder()} {package} {CONSTRAINTS.read_text(encoding='utf-8')}"
    stamp, wanted = folder / "made", hashlib.sha256(recipe.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {package} …", flush=True)
        run([sys.executable, "-m", "venv", "--clear", folder])
        run([folder / "bin" / "python", "-m", "pip", "install", "-q", "-c", CONSTRAINTS, package, "ipykernel"])
        packages = run([folder / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
        (Path(packages.strip()) / "zz_torch.pth").write_text(f"{torch_folder()}\n")
        stamp.write_text(wanted)
    return folder / "bin"


def version(programs, package):
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return run([programs / "python", "-c", code]).strip()


def variables(programs, work):
    """For programs of an environment: its own first, and nobody's settings of Jupyter or IPython."""
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(work / "jupyter"),
        "JUPYTER_DATA_DIR": str(work / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(work / "jupyter"),
        "IPYTHONDIR": str(work / "ipython"),
    }
