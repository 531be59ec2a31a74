"""The case bank: what is asked, and what is right.

Importing this, or loading a cached bank, needs neither Hypothesis nor torch; `build` does the
drawing, `strategies` are there for others to use, `oracle` alone knows the solution.
"""

from grader.cases.bank import PUBLIC_SEED, Case, CaseBank, CheckCases, Part, PropertyCases
from grader.cases.cache import default_cache_dir, export_bank, import_bank, load_or_build

__all__ = [
    "PUBLIC_SEED",
    "Case",
    "CaseBank",
    "CheckCases",
    "Part",
    "PropertyCases",
    "default_cache_dir",
    "export_bank",
    "import_bank",
    "load_or_build",
]
