"""The ways in which an identifier is written: those of its kind."""

from __future__ import annotations

import base64
import hashlib
import struct
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from benchmarks.encodings.identifiers import Identifier

Fields = dict[str, str]
Ways = dict[str, str | Fields]


def of(identifier: Identifier) -> Iterator[tuple[str, str | Fields]]:
    """Yield (name of the way, what it gives) of the kind of `identifier`."""
    yield from _KINDS[identifier.kind](identifier.text).items()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _email(text: str) -> Ways:
    local, domain = text.split("@")
    plain = f"{local.split('+')[0].replace('.', '')}@{domain}".lower()
    found: Ways = {
        "domain in upper case": f"{local}@{domain.upper()}",
        "mailto:": f"mailto:{text}?subject=hello",
        "with a name": f"Somebody <{text}>",
        "without dots and plus": plain,
        "Google: SHA-256": _sha256(plain),
        "UID2: SHA-256, Base64": base64.b64encode(hashlib.sha256(plain.encode()).digest()).decode(),
        "TikTok: SHA-256 without plus": _sha256(f"{local.split('+')[0]}@{domain}".lower()),
        "FullContact: SHA-1 of upper case": hashlib.sha1(text.upper().encode()).hexdigest(),
        "salted SHA-256": _sha256(text.lower() + "QX4QkKEU"),
        "user and domain apart": {"user": local, "domain": domain},
        "in a host": text.lower().replace("@", ".at.").replace("+", "-plus-"),
    }
    if "+" in text:
        del found["in a host"]  # a host has no plus, and nobody knows what it becomes
        found["googlemail"] = plain.replace("gmail.com", "googlemail.com")
    return found


def _phone(text: str) -> Ways:
    digits = text[1:]
    code, national = digits[:3], digits[3:]
    spaced = f"{national[:3]} {national[3:6]} {national[6:]}"
    return {
        "without plus": digits,
        "00": "00" + digits,
        "national": "0" + national,
        "without zero": national,
        "spaces": f"+{code} {spaced}",
        "dashes": f"+{code}-{spaced.replace(' ', '-')}",
        "parentheses": f"(0{national[:3]}) {national[3:6]}-{national[6:]}",
        "(0)": f"+{code} (0) {spaced}",
        "dots": f"{code}.{spaced.replace(' ', '.')}",
        "tel:": f"tel:+{code}-{spaced.replace(' ', '-')}",
        "Meta: SHA-256 of digits": _sha256(digits),
        "Google: SHA-256 of E.164": _sha256(text),
        "LiveRamp: SHA-1, national": hashlib.sha1(national.encode()).hexdigest(),
        "Yandex: MD5 of digits": hashlib.md5(digits.encode()).hexdigest(),
        "code apart": {"country_code": code, "number": national},
    }


def _date(text: str) -> Ways:
    day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    local = day.replace(tzinfo=timezone(timedelta(hours=3)))
    return {
        "basic": f"{day:%Y%m%d}",
        "European": f"{day:%d.%m.%Y}",
        "British": f"{day:%d/%m/%Y}",
        "American": f"{day:%m/%d/%Y}",
        "short American": f"{day.month}/{day.day}/{day.year}",
        "month by name": f"{day:%d %B %Y}",
        "month by short name": f"{day:%b} {day.day}, {day.year}",
        "date and time": f"{day:%Y-%m-%d}T00:00:00.000Z",
        "epoch seconds": str(int(day.timestamp())),
        "epoch milliseconds": str(int(day.timestamp() * 1000)),
        "midnight in Nairobi": str(int(local.timestamp() * 1000)),
        "midnight in Nairobi, UTC": f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Meta: SHA-256": _sha256(f"{day:%Y%m%d}"),
        "day, month, year apart": {
            "birth_year": str(day.year),
            "birth_month": str(day.month),
            "birth_day": str(day.day),
        },
        "y, m, d": {
            "birth_y": str(day.year),
            "birth_m": f"{day.month:02}",
            "birth_d": f"{day.day:02}",
        },
    }


def _place(text: str) -> Ways:
    latitude, longitude = map(float, text.split(","))
    single = [struct.unpack("f", struct.pack("f", each))[0] for each in (latitude, longitude)]
    minutes = [divmod(abs(each) * 3600, 3600) for each in (latitude, longitude)]
    arc = [f"{int(whole)}\u00b0{int(rest // 60):02}'{rest % 60:04.1f}\"" for whole, rest in minutes]
    return {
        "latitude and longitude apart": {"lat": str(latitude), "lon": str(longitude)},
        "other order": f"{longitude},{latitude}",
        "five decimals": f"{latitude:.5f},{longitude:.5f}",
        "four decimals": f"{latitude:.4f},{longitude:.4f}",
        "three decimals": f"{latitude:.3f},{longitude:.3f}",
        "four decimals, cut": f"{int(latitude * 1e4) / 1e4},{int(longitude * 1e4) / 1e4}",
        "four decimals apart": {"lat": f"{latitude:.4f}", "lon": f"{longitude:.4f}"},
        "float of 32 bits": {"latitude": repr(single[0]), "longitude": repr(single[1])},
        "E6": {"lat": str(round(latitude * 1e6)), "lon": str(round(longitude * 1e6))},
        "E7": {"lat": str(round(latitude * 1e7)), "lon": str(round(longitude * 1e7))},
        "degrees, minutes, seconds": f"{arc[0]}S {arc[1]}E",
        "hemispheres": f"{abs(latitude)}\u00b0S, {longitude}\u00b0E",
        "geo:": f"geo:{latitude},{longitude};u=35",
        "map": f"/maps/@{latitude},{longitude},15z",
        "GeoJSON": f'{{"type":"Point","coordinates":[{longitude},{latitude}]}}',
        "geohash, 9": _geohash(latitude, longitude)[:9],
        "geohash, 7": _geohash(latitude, longitude)[:7],
    }


def _geohash(latitude: float, longitude: float) -> str:
    west, east, south, north = -180.0, 180.0, -90.0, 90.0
    bits = ""
    while len(bits) < 60:
        if len(bits) % 2 == 0:
            half = (west + east) / 2
            bits += "1" if longitude >= half else "0"
            west, east = (half, east) if longitude >= half else (west, half)
        else:
            half = (south + north) / 2
            bits += "1" if latitude >= half else "0"
            south, north = (half, north) if latitude >= half else (south, half)
    letters = "0123456789bcdefghjkmnpqrstuvwxyz"
    return "".join(letters[int(bits[at : at + 5], 2)] for at in range(0, 60, 5))


def _uuid(text: str) -> Ways:
    value = uuid.UUID(text)
    signed = struct.unpack(">qq", value.bytes)
    return {
        "without hyphens": value.hex,
        "underscores": text.replace("-", "_"),
        "in braces": f"{{{text.upper()}}}",
        "bytes, Base64": base64.b64encode(value.bytes).decode(),
        "two longs": {"msb": str(signed[0]), "lsb": str(signed[1])},
        "Adjust: MD5 of upper case": hashlib.md5(text.upper().encode()).hexdigest(),
        "Adjust: SHA-1 of lower case": hashlib.sha1(text.encode()).hexdigest(),
        "SHA-256 without hyphens": _sha256(value.hex),
    }


def _hex(text: str) -> Ways:
    number = int(text, 16)
    return {
        "decimal": str(number),
        "signed decimal": str(number - (1 << 64)),
        "0x": f"0x{text}",
        "Adjust: MD5 of upper case": hashlib.md5(text.upper().encode()).hexdigest(),
        "bytes, Base64": base64.b64encode(bytes.fromhex(text)).decode(),
    }


def _imei(text: str) -> Ways:
    return {
        "without check digit": text[:14],
        "dashes": f"{text[:2]}-{text[2:8]}-{text[8:14]}-{text[14]}",
        "spaces": f"{text[:2]} {text[2:8]} {text[8:14]} {text[14]}",
        "OpenRTB: SHA-1": hashlib.sha1(text.encode()).hexdigest(),
        "MD5 without check digit": hashlib.md5(text[:14].encode()).hexdigest(),
    }


def _mac(text: str) -> Ways:
    bare = text.replace(":", "")
    return {
        "dashes": text.replace(":", "-"),
        "bare": bare,
        "bare, upper": bare.upper(),
        "Cisco": f"{bare[:4]}.{bare[4:8]}.{bare[8:]}",
        "decimal": str(int(bare, 16)),
        "without first zeros": ":".join(f"{int(part, 16):x}" for part in text.split(":")),
        "SHA-1 of upper case": hashlib.sha1(text.upper().encode()).hexdigest(),
        "MD5 of bare": hashlib.md5(bare.upper().encode()).hexdigest(),
    }


def _text(text: str) -> Ways:
    return {
        "slug": text.lower().replace(" ", "-"),
        "underscores": text.replace(" ", "_"),
        "in a search": f"https://search.example/?q={text.replace(' ', '+')}&hl=en",
    }


def _name(text: str) -> Ways:
    first, last = text.split(" ")
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)
    )
    return {
        "without accents": bare,
        "decomposed": unicodedata.normalize("NFD", text),
        "last, first": f"{last}, {first}",
        "last first": f"{last} {first}".upper(),
        "joined by a dot": bare.lower().replace(" ", "."),
        "joined": bare.lower().replace(" ", ""),
        "first and last apart": {"first_name": first, "last_name": last},
        "apart, without accents": {"fn": bare.split()[0].lower(), "ln": last.lower()},
        "Meta: SHA-256 apart": {"fn": _sha256(first.lower()), "ln": _sha256(last.lower())},
        "SHA-256 without accents": _sha256(bare.lower()),
    }


def _username(text: str) -> Ways:
    return {
        "with @": f"@{text}",
        "in a profile": f"https://www.tiktok.example/@{text}?lang=en",
        "X: SHA-256": _sha256(text),
    }


def _address(text: str) -> Ways:
    street = text.partition(",")[0]
    return {
        "street": street,
        "street in a field": {"street": street.upper(), "city": "Nairobi"},
        "without commas": text.replace(",", ""),
        "slug": text.lower().replace(",", "").replace(" ", "-"),
        "Meta: letters, SHA-256": _sha256("".join(filter(str.isalnum, text.lower()))),
    }


_KINDS: Final[dict[str, Callable[[str], Ways]]] = {
    "email": _email,
    "phone": _phone,
    "date": _date,
    "place": _place,
    "uuid": _uuid,
    "hex": _hex,
    "imei": _imei,
    "mac": _mac,
    "text": _text,
    "name": _name,
    "username": _username,
    "address": _address,
}
