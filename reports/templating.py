"""How templates become a page: escaped, in one language, with nothing that hides or reorders text.

What a template puts into the page, also what fills the gaps of a translated sentence, is told in
the page's language, made visible (`shapes.visible`) and escaped. Only what the template itself or
this program has made (`Markup`, `Figure`) is taken as it is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from analyzer.extract.shapes import visible
from analyzer.said import Said
from reports.language import Figure, Language
from reports.translating import coded, install

REPORT = "report.html.j2"


def template(language: Language, name: str = REPORT) -> Template:
    """Return a template whose sentences are those of `language`."""
    made = environment(language, lambda value: _shown(value, language))
    made.filters["text"] = _text
    made.filters["coded"] = lambda value: coded(escape(fit(value)))
    return made.get_template(name)


def environment(language: Language, finalize: Callable[[object], object]) -> Environment:
    """Return templates in `language`; `finalize` makes what is filled in harmless where it goes.

    What it returns is escaped for HTML unless it is markup.
    """
    made = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=finalize,
    )
    install(made, language)
    return made


def source(name: str) -> str:
    """Return a file beside the templates as it is, without white space at its ends."""
    return files("reports").joinpath(f"templates/{name}").read_text(encoding="utf-8").strip()


def fingerprint(script: str) -> str:
    """Return what a content security policy calls a script that may run, and no other."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def fit(value: object) -> str:
    """Return `value` as text in which nothing is hidden; what was written here is left alone."""
    return value if isinstance(value, Figure) else visible(str(value))


def _text(value: str) -> Markup:
    """Return `value` escaped for the inside of an element, where quotes mean nothing."""
    return Markup(str(escape(fit(value))).replace("&#34;", '"').replace("&#39;", "'"))  # noqa: S704


def _shown(value: object, language: Language) -> object:
    if isinstance(value, Markup | Figure):
        return value
    if isinstance(value, Said):
        return coded(Markup(language.tell(value, _apart, escape)))  # noqa: S704 (all is escaped)
    return visible(value) if isinstance(value, str) else value


def _apart(value: object) -> str:
    told = escape(fit(value))
    return told if isinstance(value, Figure | int | float) else Markup("<bdi>{}</bdi>").format(told)
