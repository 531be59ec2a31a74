"""From templates to a page: everything escaped, style and script allowed by their hashes alone."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from grader.report.clean import clean
from grader.report.phrases import MARKS

__all__ = ["policy", "px", "render"]


def render(template: str, *, script: str | None = None, **values: object) -> str:
    """Fill a template of this package; `script` names the one script that its page may run."""
    code = Markup(_source(script)) if script else Markup()  # noqa: S704 - a file of ours
    style = Markup(_source("style.css"))  # noqa: S704 - the same
    page = _environment().get_template(template)
    return page.render(style=style, script=code, policy=policy(style, code), **values)


def policy(style: str, script: str) -> str:
    """Write the Content-Security-Policy of a page with this style and this script (empty: none)."""
    parts = ["default-src 'none'", f"style-src '{_sha256(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        parts.insert(2, f"script-src '{_sha256(script)}'")
    return "; ".join(parts)


def _sha256(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@lru_cache
def _source(name: str) -> str:
    """Read a file beside the templates, with the line ends that a browser will hash."""
    text = resources.files(__package__).joinpath("templates", name).read_text("utf-8")
    return text.replace("\r\n", "\n")


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_harmless,
    )
    environment.globals["MARKS"] = MARKS
    environment.filters["px"] = px
    return environment


def _harmless(value: object) -> object:
    """Clean whatever text a template is given, escaped or not yet: what `prepare` does not know of as well."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def px(value: float) -> str:
    """Write a coordinate: tenths are enough, and short.

    >>> [px(value) for value in (3.0, 0.25, -0.01)]
    ['3', '0.2', '0']
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
