"""Runs `inside.program.run_program` as the child does, for the tests: JSON in on stdin, JSON out on the last line."""

import importlib.util
import json
import sys
import time
from pathlib import Path

INSIDE = Path(__file__).parents[3] / "grader" / "sandbox" / "inside"


def load_inside():
    spec = importlib.util.spec_from_file_location(
        "inside", INSIDE / "__init__.py", submodule_search_locations=[str(INSIDE)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["inside"] = package
    spec.loader.exec_module(package)
    return importlib.import_module("inside.program")


def main():
    out = sys.stdout
    task = json.load(sys.stdin)
    started = []
    begin = time.monotonic()
    program = load_inside().run_program(
        task["cells"],
        task["companions"],
        aliases=task["aliases"],
        budget_s=task["budget_s"],
        skip={index: {"code": "general.timeout", "message": "left out"} for index in task["skip"]},
        started=started.append,
    )
    wall_s = time.monotonic() - begin
    values = {probe: repr(eval(probe, program.namespace)) for probe in task["probes"]}  # noqa: S307 -- the test's own
    json.dump(
        {
            "defined": program.defined,
            "others": program.others,
            "flat": program.flat,
            "notices": program.notices,
            "started": started,
            "values": values,
            "wall_s": wall_s,
        },
        out,
    )


if __name__ == "__main__":
    main()
