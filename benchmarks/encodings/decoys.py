"""Values that are no seeded ones, and look like them: other people's, and nobody's."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

_NAMES: Final = ("amina", "otieno", "wanjiku", "kamau", "achieng", "mwangi", "lena", "jonas")
_LAST: Final = ("njeri", "ouma", "kariuki", "odhiambo", "schmidt", "weber", "maina", "wolf")
_URL_SAFE: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _email(random: Random) -> str:
    joint = random.choice(("", ".", "_"))
    number = random.randrange(10_000)
    host = random.choice(("gmail.com", "mail.example", "web.example"))
    return f"{random.choice(_NAMES)}{joint}{random.choice(_LAST)}{number}@{host}"


def _phone(random: Random) -> str:
    number = f"2547{random.randrange(10**8):08d}"
    return random.choice(
        (f"+{number}", number, f"0{number[3:]}", f"+254 {number[3:6]} {number[6:9]} {number[9:]}")
    )


def _place(random: Random) -> str:
    latitude = -1.28 + random.uniform(-0.5, 0.5)
    longitude = 36.82 + random.uniform(-0.5, 0.5)
    digits = random.choice((3, 4, 5, 6))
    return f"{latitude:.{digits}f},{longitude:.{digits}f}"


def _hash(random: Random) -> str:
    name = random.choice(("md5", "sha1", "sha256", "sha512"))
    kind = random.choice((_email, _phone, _place, _uuid, _person, _birth_date, _mac))
    value = hashlib.new(name, kind(random).encode())
    written = value.hexdigest() if random.random() < 0.7 else base64.b64encode(value.digest())
    return written if isinstance(written, str) else written.decode()


def _uuid(random: Random) -> str:
    text = str(uuid.UUID(int=random.getrandbits(128), version=4))
    return random.choice((text, text.upper(), text.replace("-", "")))


def _alike(random: Random) -> str:
    """A UUID that differs from the seeded advertising ID in one digit."""
    text = "7c1f0a52-93de-4b1c-8a5e-6f2d41b09e33"
    at = random.choice([place for place, digit in enumerate(text) if digit != "-"])
    return (
        text[:at]
        + random.choice([each for each in "0123456789abcdef" if each != text[at]])
        + (text[at + 1 :])
    )


def _person(random: Random) -> str:
    first, last = random.choice(_NAMES), random.choice(_LAST)
    return "" if (first, last) == ("wanjiku", "njeri") else f"{first.title()} {last.title()}"


def _birth_date(random: Random) -> str:
    year, month, day = random.randint(1960, 2012), random.randint(1, 12), random.randint(1, 28)
    return random.choice((f"{year}-{month:02}-{day:02}", f"{day:02}/{month:02}/{year}"))


def _consent(random: Random) -> str:
    letters = "".join(random.choice(_URL_SAFE) for _ in range(random.randint(30, 120)))
    return "CP" + letters + random.choice(("", ".YAAAAAAAAAAA", ".f_gAAAAAAAAA"))


def _base64(random: Random) -> str:
    return base64.b64encode(random.randbytes(random.randint(6, 60))).decode()


def _hex(random: Random) -> str:
    return random.randbytes(random.choice((4, 6, 8, 16, 20, 32))).hex()


def _timestamp(random: Random) -> str:
    seconds = random.randint(1_577_836_800, 1_798_761_600)
    return random.choice((str(seconds), str(seconds * 1000 + random.randrange(1000))))


def _mac(random: Random) -> str:
    return ":".join(f"{random.randrange(256):02x}" for _ in range(6))


def _number(random: Random) -> str:
    return str(random.randrange(10 ** random.randint(1, 16)))


def _imei(random: Random) -> str:
    return f"3520990{random.randrange(10**8):08d}"


def _token(random: Random) -> str:
    inner = {"sub": _email(random), "iat": int(_timestamp(random)[:10]), "loc": _place(random)}
    return base64.urlsafe_b64encode(json.dumps(inner).encode()).decode().rstrip("=")


def _short(random: Random) -> str:
    return random.choice(("13", "KE", "f", "m", "de", "en-KE", "00100", "Nairobi", "5G", "2013"))


def _longer_email(random: Random) -> str:
    """The seeded address within another one."""
    word, host = random.choice(_NAMES), "otieno.ouma@mail.example"
    return random.choice(
        (
            f"{host}.{word}",
            f"{host}-{word}.com",
            f"{host}{word}",
            f"{word}.{host}",
            f"not-{host}",
            f"{word}+{host}",
            f"otieno.ouma+{word}@mail.example",
            f"otieno.ouma.{word}@mail.example",
        )
    )


def _longer_name(random: Random) -> str:
    """The seeded name, username or SSID within the token of another thing."""
    joint, other = random.choice("._-"), random.choice(_LAST)
    form = random.choice(("wanjiku.njeri", "wanjikunjeri", "wanjiku_q7kz", "njeri-home-5g"))
    return random.choice(
        (f"{form}@{other}.example", f"{form}{joint}{other}", f"{other}{joint}{form}")
    )


def _same_day(random: Random) -> str:
    """The day of the seeded birth date, under a name that says nothing of a birth."""
    day = ("20130405", "2013-04-05", "Fri, 05 Apr 2013 00:00:00 GMT", "05/04/2013", "1365120000")
    return random.choice((*day, "2013-04-05T00:00:00Z", "x-20130405-1", "1365120000000"))


def _half_place(random: Random) -> str:
    """Half of the seeded place, alone."""
    return random.choice(("36.816745", "36.81674", "36816745", "368167450"))


def _digits_of_phone(random: Random) -> str:
    """The digits of the seeded phone number inside an identifier."""
    word = random.choice(_LAST)
    return random.choice((f"id-712345678-{word}", f"{word}-712345678", f"712345678_{word}"))


DECOYS: Final[dict[str, Callable[[Random], str]]] = {
    "other people's hashes": _hash,
    "look-alike advertising IDs": _alike,
    "other UUIDs": _uuid,
    "other e-mails": _email,
    "other phones": _phone,
    "other coordinates": _place,
    "other names": _person,
    "other birth dates": _birth_date,
    "TC-like strings": _consent,
    "random Base64": _base64,
    "random hex": _hex,
    "timestamps": _timestamp,
    "other MACs": _mac,
    "other IMEIs": _imei,
    "numbers": _number,
    "Base64 of JSON": _token,
    "short values": _short,
    "the e-mail within another": _longer_email,
    "names within other tokens": _longer_name,
    "the day of birth, of something else": _same_day,
    "half of the place": _half_place,
    "the phone within an ID": _digits_of_phone,
}


def decoys(count: int, random: Random) -> Iterator[tuple[str, str]]:
    """Yield `count` decoys as (kind, text), the kinds in turn."""
    kinds = list(DECOYS)
    for at in range(count):
        kind = kinds[at % len(kinds)]
        yield kind, DECOYS[kind](random)
