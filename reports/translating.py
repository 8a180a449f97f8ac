"""Jinja templates in the language of the report.

Templates mark their texts with ``{% trans %}`` or ``_()``. What is filled in is escaped, and what a
capture may have put there is made visible, as everywhere else in a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from analyzer.said import Said
from reports.language import Figure, Language

_CODE: Final = re.compile("<bdi>[^<]*</bdi>|`([^`<>]+)`")
# How templates are read, here and by the extraction of what they say.
OPTIONS: Final = {"trimmed": "true", "newstyle_gettext": "true"}


def install(environment: Environment, language: Language) -> None:
    """Make the templates of `environment` speak `language`. To be called before they are loaded.

    Templates get the global `language`, ``{% trans %}``, ``_()``, and the filters ``tell term
    number percent points probability date time size seconds country``. Within a text, numbers are
    written as the language does. A per cent sign in ``{% trans %}`` is one; in ``_()`` write two.
    """
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    show = _shower(environment.finalize)
    environment.finalize = show
    extended: Any = environment
    extended.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)
    environment.globals |= _texts(language, show) | {"language": language}
    environment.filters |= {
        "tell": pass_eval_context(_teller(language, show)),
        "term": language.term,
        "number": language.number,
        "percent": language.percent,
        "points": language.points,
        "probability": language.probability,
        "date": language.date,
        "time": language.time,
        "size": language.size,
        "seconds": language.seconds,
        "country": language.country,
    }


def coded(text: Markup) -> Markup:
    """Return escaped text with what stands between grave accents as code.

    What was filled in stands in elements of its own, and is left alone.
    """
    told = _CODE.sub(lambda found: f"<code>{found[1]}</code>" if found[1] else found[0], str(text))
    return Markup(told)  # noqa: S704 (it was escaped before)


def _shower(finalize: Callable[..., Any] | None) -> Callable[[object], Any]:
    """Return the `finalize` of an environment, which leaves alone what `Language` has written."""

    def show(value: object) -> Any:
        return value if finalize is None or isinstance(value, Figure) else finalize(value)

    return show


def _texts(language: Language, show: Callable[[object], Any]) -> dict[str, Any]:
    def written(value: object) -> Any:
        if isinstance(value, Said):
            return show(language.tell(value))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return language.number(value)
        return show(value)

    def filled(context: EvalContext, text: str, variables: Mapping[str, object]) -> str:
        values = {name: written(value) for name, value in variables.items()}
        return (Markup(text) if context.autoescape else text) % values  # noqa: S704 (our own text)

    @pass_eval_context
    def one(context: EvalContext, text: str, /, **variables: object) -> str:
        return filled(context, language.gettext(text), variables)

    @pass_eval_context
    def several(context: EvalContext, one: str, many: str, num: int, /, **variables: object) -> str:
        return filled(context, language.ngettext(one, many, num), {"num": num, **variables})

    @pass_eval_context
    def meant(context: EvalContext, meaning: str, text: str, /, **variables: object) -> str:
        return filled(context, language.pgettext(meaning, text), variables)

    @pass_eval_context
    def several_meant(
        context: EvalContext, meaning: str, one: str, many: str, num: int, /, **variables: object
    ) -> str:
        text = language.npgettext(meaning, one, many, num)
        return filled(context, text, {"num": num, **variables})

    return {"gettext": one, "ngettext": several, "pgettext": meant, "npgettext": several_meant}


def _teller(language: Language, show: Callable[[object], Any]) -> Callable[[EvalContext, str], Any]:
    """Return the filter that says a `Said`; where there is markup, with what is filled in apart."""

    def tell(context: EvalContext, text: str) -> Any:
        if not context.autoescape:
            return language.tell(text)
        if not isinstance(text, Said):
            return show(text)
        return coded(Markup(language.tell(text, shown, escape)))  # noqa: S704 (all is escaped)

    def shown(value: object) -> str:
        if isinstance(value, (Figure, int, float)):
            return escape(value)
        return Markup("<bdi>{}</bdi>").format(show(value))

    return tell
