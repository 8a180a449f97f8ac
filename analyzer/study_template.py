"""Writes a new `study.toml`: commented, valid as it is, with personas nobody else has."""

from __future__ import annotations

import datetime
import secrets
import uuid
from importlib.resources import files
from string import Template

import orjson

# Two places and two ages: the least with which a regional difference can be told from a difference
# between children and adults. Coordinates are of public squares; a small random offset makes them
# recognisable.
_PLACES = {"DE": (52.52, 13.41), "KE": (-1.29, 36.82)}
_AGES = (13, 30)


def study_text(name: str, app: str, first_party: tuple[str, ...], today: datetime.date) -> str:
    """Return the text of a new study.toml; the secret key and the personas' values are random."""
    template = files("analyzer").joinpath("data/study.toml.template").read_text(encoding="utf-8")
    arms = [(country, age) for age in _AGES for country in _PLACES]
    return Template(template).substitute(
        name=_quoted_inside(name),
        app=_quoted_inside(app),
        first_party=", ".join(_quoted(domain) for domain in first_party),
        key=secrets.token_hex(32),
        arms="\n".join(_arm(country, age) for country, age in arms),
        personas="\n".join(_persona(country, age, today) for country, age in arms),
    )


def _arm(country: str, age: int) -> str:
    return (
        f"[arms.{country}-{age}]\n"
        f'country = "{country}"\n'
        f"age = {age}\n"
        'consent = "accepted"\n'
        f'persona = "{_persona_name(country, age)}"\n'
    )


def _persona(country: str, age: int, today: datetime.date) -> str:
    latitude, longitude = (
        f"{centre + secrets.randbelow(2000) / 1e5 + 1e-5:.5f}" for centre in _PLACES[country]
    )
    # The last birthday was two to six months ago: the age holds for the length of a study.
    birth = today.replace(year=today.year - age, day=1) - datetime.timedelta(
        days=60 + secrets.randbelow(120)
    )
    # Nothing that the two share: else to find the one would be to find the other.
    mailbox, name = secrets.token_hex(5), secrets.token_hex(5)
    return (
        f"[personas.{_persona_name(country, age)}]\n"
        f'"id.advertising" = "{uuid.uuid4()}"  # the phone\'s: Settings > Google > Ads\n'
        f'"person.email" = "test.{mailbox}@example.com"\n'
        f'"person.username" = "kid_{name}"\n'
        f'"demo.birthdate" = "{birth.isoformat()}"\n'
        f'"loc.precise" = "{latitude},{longitude}"\n'
        '# "person.phone" = "the number of the test SIM, as in +254..."\n'
        '# "person.name" = "first and last name"\n'
        '# "person.address" = "street and number, city, postcode"\n'
        '# "id.device" = ["the Android ID", "the IMEI: dial *#06#"]\n'
        '# "id.mac" = "the address of its Wi-Fi, as in 02:00:5e:10:00:01"\n'
        '# "loc.wifi_cell" = ["the name of the Wi-Fi network", "the address of its router"]\n'
        '# "soc.contacts" = ["the name, the e-mail and the number of a planted contact"]\n'
        '# "beh.search" = "words that nobody else searches"\n'
        '# "beh.input_pattern" = "a text that was copied"\n'
    )


def _persona_name(country: str, age: int) -> str:
    return f"{country.lower()}-{age}"


def _quoted(text: str) -> str:
    # JSON strings are TOML basic strings, but for DEL, which JSON leaves bare.
    # A name of a folder may hold bytes that are no text.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return orjson.dumps(text).decode().replace("\x7f", "\\u007f")


def _quoted_inside(text: str) -> str:
    return _quoted(text)[1:-1]
