"""Generates a HAR file of mobile traffic: the same bytes for the same number and seed.

As in captures of mobile apps, some 22% of the requests go to endpoints for which TrackHAR has an
adapter; the rest are JSON, forms, queries, gzip, protobuf, multipart and MessagePack to hosts that
nobody has rules for. Decoded, bodies have a median of 1.2 kB. Values of the persona are planted in
more of them than in any real capture. Binary bodies are in Base64, as HAR allows.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import struct
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgpack  # type: ignore[import-untyped]

Entry = dict[str, Any]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PROTOBUF, MSGPACK = "application/x-protobuf", "application/msgpack"
WORDS = ["start", "view", "tap", "scroll", "open", "close", "resume", "pause", "buy", "like"]
WORDS += ["share", "follow", "skip", "load", "done"]
MOST_VALUES = 2000


class Phone:
    """The values that one phone would send; `values` are (TrackHAR property, data type, value).

    The first six are what phones have; the others are identifiers of one sort or another.
    """

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.gaid = str(uuid.UUID(int=random_.getrandbits(128), version=4))
        self.device = f"{random_.getrandbits(64):016x}"
        self.email = f"persona.{random_.getrandbits(40):010x}@example.org"
        self.phone = f"+2547{random_.randrange(10**8):08d}"
        self.latitude = f"{-1.2 - random_.random() / 10:.6f}"
        self.longitude = f"{36.8 + random_.random() / 10:.6f}"
        self.others = [str(uuid.UUID(int=random_.getrandbits(128), version=4)) for _ in range(1994)]
        self.values = (
            ("advertisingId", "id.advertising", self.gaid),
            ("deviceId", "id.device", self.device),
            ("otherIdentifiers", "person.email", self.email),
            ("otherIdentifiers", "person.phone", self.phone),
            ("latitude", "loc.precise", self.latitude),
            ("longitude", "loc.precise", self.longitude),
            *(("otherIdentifiers", "id.installation", each) for each in self.others),
        )

    def other(self) -> str:
        """Return one of the other identifiers; of twenty, or of two hundred values the same."""
        return self.others[self.random.randrange(14 if self.random.random() < 0.5 else 194)]


def write_corpus(path: Path, requests: int, seed: int = 7) -> Phone:
    """Write a HAR of `requests` requests to `path` and return whose they are."""
    random_ = random.Random(seed)
    phone = Phone(random_)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"log": {"version": "1.2", "creator": {"name": "corpus", "version": "1"}, ')
        file.write('"entries": [\n')
        for number, entry in enumerate(_entries(phone, requests)):
            file.write(("" if number == 0 else ",\n") + json.dumps(entry))
        file.write("\n]}}\n")
    return phone


def _entries(phone: Phone, requests: int) -> Iterator[Entry]:
    kinds: list[Callable[[Phone], Entry]] = [_facebook, _branch, _json, _form, _query]
    kinds += [_gzip, _protobuf, _multipart, _msgpack]
    weights = [12, 10, 26, 10, 16, 8, 10, 4, 4]
    for number in range(requests):
        (kind,) = phone.random.choices(kinds, weights)
        entry = kind(phone)
        entry["startedDateTime"] = f"2026-11-22T10:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
        yield entry


def _facebook(phone: Phone) -> Entry:
    extinfo = ["a2", "com.example.app", 104, "1.0.4", "13", "Pixel 7", "en_KE", "EAT", "Safaricom"]
    extinfo += [1080, 2205, "2.6", 8, 110, 64, "Africa/Nairobi"]
    form = {
        "event": "CUSTOM_APP_EVENTS",
        "advertiser_id": phone.gaid,
        "advertiser_tracking_enabled": "true",
        "application_tracking_enabled": "true",
        "anon_id": f"XZ{phone.device}",
        "extinfo": json.dumps(extinfo),
        "application_package_name": "com.example.app",
        "sdk": "android",
        "custom_events": json.dumps([_event(phone) for _ in range(phone.random.randint(1, 6))]),
    }
    return _post("https://graph.facebook.com/v14.0/1234567890/activities", urlencode(form), FORM)


def _branch(phone: Phone) -> Entry:
    body = {
        "hardware_id": phone.device,
        "is_hardware_id_real": True,
        "anon_id": phone.other(),
        "brand": "Google",
        "model": "Pixel 7",
        "screen_dpi": 420,
        "screen_height": 2205,
        "screen_width": 1080,
        "wifi": True,
        "ui_mode": "UI_MODE_TYPE_NORMAL",
        "os": "Android",
        "os_version": 33,
        "plugin_name": "Flutter",
        "cpu_type": "aarch64",
        "build": "TQ3A.230805.001",
        "locale": "en_KE",
        "connection_type": "wifi",
        "device_carrier": "Safaricom",
        "country": "KE",
        "language": "en",
        "local_ip": "10.0.2.16",
        "app_version": "1.0.4",
        "initial_referrer": "android-app://com.android.launcher/",
        "update": phone.random.randrange(3),
        "latest_install_time": 1_795_000_000_000 + phone.random.randrange(10**9),
        "latest_update_time": 1_795_000_000_000 + phone.random.randrange(10**9),
        "first_install_time": 1_795_000_000_000 + phone.random.randrange(10**9),
        "previous_update_time": 0,
        "environment": "FULL_APP",
        "branch_sdk_request_timestamp": 1_795_000_000_000 + phone.random.randrange(10**9),
        "sdk": "android5.2.0",
        "google_advertising_id": phone.gaid,
        "advertising_ids": {"aaid": phone.gaid},
        "lat_val": 0,
        "metadata": {},
        "branch_key": "key_live_abcdefgh",
        "retryNumber": 0,
        "instrumentation": {"v1/open-qwt": str(phone.random.randrange(900))},
    }
    return _post("https://api2.branch.io/v1/open", json.dumps(body, separators=(",", ":")), JSON)


def _json(phone: Phone) -> Entry:
    body = {
        "batch": [_event(phone) for _ in range(phone.random.randint(3, 12))],
        "context": _context(phone),
    }
    host = phone.random.choice(["events", "log", "ingest"])
    text = json.dumps(body, separators=(",", ":"))
    return _post(f"https://{host}.unknown-sdk.example/v2/batch", text, JSON)


def _form(phone: Phone) -> Entry:
    form = {key: str(value) for key, value in _flat(phone).items()}
    inner = json.dumps({"mail": phone.email, "events": [_event(phone), _event(phone)]})
    form["payload"] = base64.b64encode(inner.encode()).decode()
    return _post("https://collect.unforeseen.example/track", urlencode(form), FORM)


def _query(phone: Phone) -> Entry:
    query = urlencode({key: str(value) for key, value in _flat(phone).items()}, quote_via=quote)
    return _request("GET", f"https://pixel.unplanned.example/p.gif?{query}")


def _gzip(phone: Phone) -> Entry:
    body = {"events": [_event(phone) for _ in range(16)], "context": _context(phone)}
    entry = _binary(
        "https://stats.unseen.example/gz", gzip.compress(json.dumps(body).encode(), mtime=0), JSON
    )
    entry["request"]["headers"].append({"name": "Content-Encoding", "value": "gzip"})
    return entry


def _protobuf(phone: Phone) -> Entry:
    context = _field(1, phone.other()) + _field(2, "Pixel 7") + _field(3, "13") + _field(4, 33)
    place = _field(1, float(phone.latitude)) + _field(2, float(phone.longitude))
    events = b"".join(
        _field(3, _field(1, each["event_type"]) + _field(2, each["ts"]) + _field(3, each["seq"])
               + _field(4, each["props"]["screen"]) + _field(5, each["id"]))
        for each in (_event(phone) for _ in range(phone.random.randint(4, 16)))
    )  # fmt: skip
    message = _field(1, context) + _field(2, place) + events
    return _binary("https://app-measure.unheard.example/a", message, PROTOBUF)


def _field(number: int, value: str | int | float | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _multipart(phone: Phone) -> Entry:
    fields = {key: str(value) for key, value in _flat(phone).items()}
    fields["meta"] = json.dumps(_context(phone))
    fields["log"] = json.dumps([_event(phone) for _ in range(3)])
    boundary = f"----{phone.random.getrandbits(64):016x}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    text = "".join(parts) + f"--{boundary}--\r\n"
    mime = f"multipart/form-data; boundary={boundary}"
    return _post("https://upload.unwritten.example/report", text, mime)


def _msgpack(phone: Phone) -> Entry:
    body = {"e": [_event(phone) for _ in range(phone.random.randint(3, 9))], "c": _context(phone)}
    return _binary("https://m.unmarked.example/v1/pack", msgpack.packb(body), MSGPACK)


def _event(phone: Phone) -> Entry:
    random_ = phone.random
    return {
        "event_type": random_.choice(WORDS),
        "id": f"{random_.getrandbits(64):016x}",
        "ts": 1_795_340_000 + random_.randrange(100_000),
        "seq": random_.randrange(1000),
        "props": {"screen": random_.choice(WORDS), "ms": random_.randrange(9000), "ok": True},
    }


def _context(phone: Phone) -> Entry:
    context: Entry = {
        "build": {"flavour": "release", "number": 104, "sdk": "2.14.1"},
        "hw": {"maker": "Google", "kind": "Pixel 7", "cores": 8, "mem": 7_812_321_280},
        "net": {"kind": "wifi", "rtt": phone.random.randrange(200)},
        "place": {"a": phone.latitude, "b": phone.longitude},
        "trace": f"{phone.random.getrandbits(128):032x}",
        "other": phone.other(),
    }
    if phone.random.random() < 0.5:
        context["ref"] = phone.gaid
    return context


def _flat(phone: Phone) -> Entry:
    return {
        "v": 3,
        "e": phone.random.choice(WORDS),
        "z": phone.random.randrange(10**9),
        "w": 1080,
        "u": phone.gaid if phone.random.random() < 0.3 else f"{phone.random.getrandbits(64):x}",
        "k": phone.phone if phone.random.random() < 0.1 else "none",
        "q": f"{phone.random.choice(WORDS)} {phone.random.choice(WORDS)}",
        "dl": f"https://www.example.org/{phone.random.choice(WORDS)}?ref={phone.other()}",
    }


def _binary(url: str, content: bytes, mime: str) -> Entry:
    entry = _post(url, base64.b64encode(content).decode(), mime)
    entry["request"]["postData"]["encoding"] = "base64"
    return entry


def _post(url: str, text: str, mime: str) -> Entry:
    entry = _request("POST", url)
    entry["request"]["headers"].append({"name": "Content-Type", "value": mime})
    entry["request"]["postData"] = {"mimeType": mime, "text": text, "params": []}
    return entry


def _request(method: str, url: str) -> Entry:
    headers = {
        "User-Agent": "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A.230805.001)",
        "Accept": "*/*",
        "Accept-Language": "en-KE",
        "Accept-Encoding": "gzip",
        "Connection": "keep-alive",
    }
    return {
        "startedDateTime": "",
        "time": 12,
        "request": {
            "method": method,
            "url": url,
            "httpVersion": "HTTP/2",
            "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "queryString": [],
            "headersSize": -1,
            "bodySize": -1,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/2",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": "application/json", "text": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": 0,
        },
        "cache": {},
        "timings": {"send": 1, "wait": 10, "receive": 1},
    }
