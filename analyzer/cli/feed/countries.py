"""Countries as a user names them: codes in any case; of what is none, the one that may be meant."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.errors import UserError


def country_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the ISO 3166-1 alpha-2 codes that `texts` are; `UserError` where one is none."""
    return tuple(dict.fromkeys(map(_code, texts)))


def _code(text: str) -> str:
    from difflib import get_close_matches

    from babel import Locale
    from babel.core import get_global

    from analyzer.knowledge import load_knowledge

    known = load_knowledge().countries
    code = text.strip().upper()
    if code in known:
        return code
    territories = Locale("en").territories
    names = {str(territories.get(each, each)).upper(): each for each in known}
    names |= {country.name.upper(): each for each, country in known.items()}
    aliases = get_global("territory_aliases").get(code, ())
    near = get_close_matches(code, names, 1, 0.8)
    guess = [each for each in aliases if each in known] or [names[each] for each in near]
    fix = f"did you mean {guess[0]}?" if guess else "use its ISO code of two letters, such as KE"
    raise UserError(f"{text[:40]!r} is no country's code", fix)
