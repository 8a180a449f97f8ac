"""Generates a HAR file of mobile traffic: the same bytes for the same number and seed.

About a fifth of the requests go to endpoints for which TrackHAR has an adapter, as in real captures
of mobile apps; the rest are JSON, forms, queries, gzip and protobuf to hosts that nobody has rules
for. Each persona value is planted in some of them.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

Entry = dict[str, Any]
WORDS = ["start", "view", "tap", "scroll", "open", "close", "resume", "pause", "buy", "like"]
WORDS += ["share", "follow", "skip", "load", "done"]


class Phone:
    """The values that one phone would send; `values` are (TrackHAR property, data type, value)."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.gaid = str(uuid.UUID(int=random_.getrandbits(128), version=4))
        self.device = f"{random_.getrandbits(64):016x}"
        self.email = f"persona.{random_.getrandbits(40):010x}@example.org"
        self.phone = f"+2547{random_.randrange(10**8):08d}"
        self.latitude = f"{-1.2 - random_.random() / 10:.6f}"
        self.longitude = f"{36.8 + random_.random() / 10:.6f}"
        self.values = (
            ("advertisingId", "id.advertising", self.gaid),
            ("deviceId", "id.device", self.device),
            ("otherIdentifiers", "person.email", self.email),
            ("otherIdentifiers", "person.phone", self.phone),
            ("latitude", "loc.precise", self.latitude),
            ("longitude", "loc.precise", self.longitude),
        )


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
    kinds: list[Callable[[Phone], Entry]] = [_facebook, _branch, _json, _form, _query, _gzip]
    weights = [12, 10, 34, 14, 18, 12]
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
        "brand": "Google",
        "model": "Pixel 7",
        "screen_dpi": 420,
        "screen_height": 2205,
        "screen_width": 1080,
        "wifi": True,
        "os": "Android",
        "os_version": 33,
        "country": "KE",
        "language": "en",
        "local_ip": "10.0.2.16",
        "app_version": "1.0.4",
        "sdk": "android5.2.0",
        "google_advertising_id": phone.gaid,
        "advertising_ids": {"aaid": phone.gaid},
        "metadata": {},
        "branch_key": "key_live_abcdefgh",
    }
    return _post("https://api2.branch.io/v1/open", json.dumps(body), JSON)


def _json(phone: Phone) -> Entry:
    body = {
        "batch": [_event(phone) for _ in range(phone.random.randint(2, 9))],
        "context": _context(phone),
    }
    host = phone.random.choice(["events", "log", "ingest"])
    return _post(f"https://{host}.unknown-sdk.example/v2/batch", json.dumps(body), JSON)


def _form(phone: Phone) -> Entry:
    form = {key: str(value) for key, value in _flat(phone).items()}
    inner = json.dumps({"mail": phone.email, "event": _event(phone)})
    form["payload"] = base64.b64encode(inner.encode()).decode()
    return _post("https://collect.unforeseen.example/track", urlencode(form), FORM)


def _query(phone: Phone) -> Entry:
    query = urlencode({key: str(value) for key, value in _flat(phone).items()}, quote_via=quote)
    return _request("GET", f"https://pixel.unplanned.example/p.gif?{query}")


def _gzip(phone: Phone) -> Entry:
    # A HAR holds binary bodies as Latin-1 text, without saying so: this is how mitmproxy writes it.
    body = {"events": [_event(phone) for _ in range(12)], "context": _context(phone)}
    packed = gzip.compress(json.dumps(body).encode(), mtime=0).decode("latin-1")
    entry = _post("https://stats.unseen.example/gz", packed, JSON)
    entry["request"]["headers"].append({"name": "Content-Encoding", "value": "gzip"})
    return entry


def _event(phone: Phone) -> Entry:
    random_ = phone.random
    return {
        "event_type": random_.choice(WORDS),
        "ts": 1_795_340_000 + random_.randrange(100_000),
        "seq": random_.randrange(1000),
        "props": {"screen": random_.choice(WORDS), "ms": random_.randrange(9000), "ok": True},
    }


def _context(phone: Phone) -> Entry:
    context: Entry = {
        "build": {"flavour": "release", "number": 104},
        "hw": {"maker": "Google", "kind": "Pixel 7", "cores": 8},
        "net": {"kind": "wifi", "rtt": phone.random.randrange(200)},
        "place": {"a": phone.latitude, "b": phone.longitude},
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
    }


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def _post(url: str, text: str, mime: str) -> Entry:
    entry = _request("POST", url)
    entry["request"]["headers"].append({"name": "Content-Type", "value": mime})
    entry["request"]["postData"] = {"mimeType": mime, "text": text, "params": []}
    return entry


def _request(method: str, url: str) -> Entry:
    return {
        "startedDateTime": "",
        "time": 12,
        "request": {
            "method": method,
            "url": url,
            "httpVersion": "HTTP/2",
            "cookies": [],
            "headers": [
                {"name": "User-Agent", "value": "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)"},
                {"name": "Accept-Encoding", "value": "gzip"},
            ],
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
