"""Run a notebook as nbgrader runs one, and print what nbgrader makes of each cell of points.

`python nbgrader_execute.py NOTEBOOK SECONDS`: a JSON object, by grade id: `score`, a number or "refused"; `shown`,
all that the cell shows, each part after its stream or kind.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def score(cell):
    from nbgrader.utils import determine_grade  # noqa: PLC0415 - pytest looks into this file too

    try:
        return determine_grade(cell)[0]
    except ValueError:
        return "refused"


def joined(outputs):
    """The outputs of a cell; what one stream says in several messages, as it happens, is one of them."""
    parts = []
    for output in outputs:
        if parts and "name" in output and parts[-1].get("name") == output["name"]:
            parts[-1]["text"] += output["text"]
        else:
            parts.append(output)
    return parts


def shown(cell):
    return [(output.get("name", output["output_type"]), text(output)) for output in joined(cell.outputs)]


def text(output):
    return output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", "")


def main(path, seconds):
    import nbformat  # noqa: PLC0415 - the same
    from nbgrader.preprocessors import Execute  # noqa: PLC0415 - the same

    notebook = nbformat.read(path, as_version=4)
    Execute(timeout=seconds).preprocess(notebook, {"metadata": {"path": str(path.parent)}})
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    print(json.dumps({name: {"score": score(cell), "shown": shown(cell)} for name, cell in cells.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
