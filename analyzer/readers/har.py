"""HAR 1.1 and 1.2, as browsers, proxies and API clients write them, whole or torn."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from analyzer.errors import UserError
from analyzer.models import Event, Exchange, Headers, Problem
from analyzer.readers import READERS, Message, Reading, Record, har_windows, is_time
from analyzer.readers.har_entry import Content, Entry, Response, decoded, headers_in, read_entry
from analyzer.readers.har_text import body_bytes, params_body, value_of
from analyzer.readers.har_torn import entry_spans

MAX_ENTRY = 128 * 1024 * 1024  # bytes of JSON of one entry
MAX_ENTRIES = 5_000_000
_FAULTS = (ValueError, RecursionError)  # of both JSON parsers; msgspec's errors are ValueErrors
_START = re.compile(rb"(\xef\xbb\xbf)?\s*\{")
_NET_ERROR = re.compile(r"net::ERR_[A-Z0-9_]{1,60}|NS_[A-Z0-9_]{1,60}")


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]
    creator: Any = None
    tweasel: Any = msgspec.field(name="_tweasel", default=None)


class _File(msgspec.Struct):
    log: _Log


class _Started(msgspec.Struct, rename="camel"):
    started_date_time: Any = None


@READERS.register("har")
class HarReader:
    """Reads entries one by one out of the mapped file."""

    def sniff(self, head: bytes) -> bool:
        """JSON whose outermost value is an object."""
        return _START.match(head) is not None

    def read(self, path: Path) -> Reading:
        """Open a HAR; `UserError` if it is not one, or holds no entry."""
        size = path.stat().st_size
        if (
            size >= har_windows.WORTH_IT
            and (cut := har_windows.windows(path, size, _seconds)) is not None
        ):
            return _in_pieces(path, cut)
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        bom = 3 if data[:3] == b"\xef\xbb\xbf" else 0
        view = memoryview(data)
        reading = Reading("entries")
        entries: Sequence[memoryview]
        latin1 = False
        try:
            log = msgspec.json.decode(view[bom:], type=_File).log
        except _FAULTS as error:
            spans, whole = entry_spans(data)
            entries = [view[start:end] for start, end in spans]
            if not entries:
                raise _not_a_har(path, error) from None
            reading.total = len(entries) if whole else None
        else:
            entries = [memoryview(raw) for raw in log.entries]
            reading.total = len(entries)
            reading.tools = _tools(log.creator, log.tweasel)
            reading.device = _device(log.tweasel)
            latin1 = any("mitmproxy" in value for pair in reading.tools for value in pair)
        if not entries:
            raise UserError(f"{path.name} is a HAR without entries", "export it again")
        _check_count(path, len(entries))
        times = list(map(_start_of, entries))
        reading.started = min((time for time in times if time is not None), default=None)
        reading.records = _records(reading, entries, times, latin1=latin1)
        return reading


def _in_pieces(path: Path, cut: har_windows.Windows) -> Reading:
    _check_count(path, cut.total)
    reading = Reading("entries", total=cut.total)
    reading.tools = _tools(cut.creator, cut.tweasel)
    reading.device = _device(cut.tweasel)
    reading.started = cut.started
    latin1 = any("mitmproxy" in value for pair in reading.tools for value in pair)
    reading.records = _records(reading, cut.entries(), None, latin1=latin1)
    return reading


def _check_count(path: Path, count: int) -> None:
    if count > MAX_ENTRIES:
        raise UserError(
            f"{path.name} has more than {MAX_ENTRIES} entries", "split it into several files"
        )


def _not_a_har(path: Path, error: Exception) -> UserError:
    if isinstance(error, msgspec.ValidationError):
        return UserError(f"{path.name} is JSON but not a HAR", "a HAR has a list log.entries")
    if isinstance(error, RecursionError):
        return UserError(f"{path.name} is nested too deeply to be a HAR", "export it again")
    return UserError(
        f"{path.name} is not readable: broken JSON, without one whole HAR entry", "export it again"
    )


def _records(
    reading: Reading,
    entries: Iterable[memoryview],
    times: Sequence[float | None] | None,
    *,
    latin1: bool,
) -> Iterator[Record]:
    """Yield what the entries tell; `times` are when they began, where that was read before."""
    bodies_left_out = 0
    for number, raw in enumerate(entries, 1):
        ident = str(number)
        if len(raw) > MAX_ENTRY:
            yield Problem(
                ident, "read", "too_large", f"a HAR entry of more than {MAX_ENTRY >> 20} MiB"
            )
            continue
        try:
            entry = read_entry(raw)
            headers = headers_in(entry)
        except _FAULTS:
            yield Problem(ident, "read", "bad_entry", "not a HAR entry")
            continue
        scheme = entry.request.url.partition(":")[0].lower()
        if scheme not in {"http", "https", "ws", "wss"}:
            reading.read += 1
            yield Problem(ident, "read", "not_network", "the URL names nothing on the network")
            continue
        seconds = times[number - 1] if times else _seconds(entry.started_date_time)
        if seconds is None:
            yield Problem(ident, "read", "bad_time", "startedDateTime is missing or not a time")
        since = _since(seconds, reading.started)
        exchange = _exchange(ident, since, entry, headers, latin1=latin1)
        reading.read += 1
        yield exchange
        if exchange.truncated and not exchange.complete:
            bodies_left_out += 1
            yield Problem(ident, "read", "body_left_out", "the request's body is not in the file")
        if entry.from_cache or entry.fetch_type in {"Memory Cache", "Disk Cache"}:
            yield Problem(ident, "read", "from_cache", "answered by a cache, perhaps never sent")
        if exchange.status is None:
            yield Event(since, "error", _host(exchange.url), _reason(entry.response), 0, 0)
        yield from _messages(ident, entry.messages, since, reading.started)
    if bodies_left_out:
        reading.cut.append(f"{bodies_left_out} request bodies are not in the file")


def _start_of(raw: memoryview) -> float | None:
    try:
        return _seconds(decoded(raw, _Started).started_date_time)
    except _FAULTS:
        return None


def _exchange(
    ident: str, since: float, entry: Entry, told: tuple[Headers, Headers], *, latin1: bool
) -> Exchange:
    request, response = entry.request, entry.response or Response()
    headers, answer_headers = told
    body, left_out = b"", 0
    if request.post_data:
        content_type = value_of(headers, "content-type") or _text(request.post_data.mime_type)
        text = body_bytes(
            request.post_data.text, request.post_data.encoding, content_type, latin1=latin1
        )
        form = None if text else params_body(request.post_data.params, content_type)
        if form:
            body = form[0]
            kept = (pair for pair in headers if pair[0].lower() != "content-type")
            headers = (*kept, ("content-type", form[1]))
        else:
            body = text or b""
    if not body:
        left_out = _size(request.body_size)
    status = response.status
    answered = isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 999
    content = response.content or Content()
    answer = body_bytes(
        content.text,
        content.encoding,
        value_of(answer_headers, "content-type") or _text(content.mime_type),
        latin1=latin1,
    )
    unseen = _size(content.size) if not answer else 0
    return Exchange(
        id=ident,
        session="",
        t_s=since,
        phase="",
        method=request.method or "GET",
        url=request.url,
        request_headers=headers,
        request_body=body,
        status=status if answered else None,
        response_headers=answer_headers,
        response_body=answer or b"",
        server_ip=_text(entry.server).strip("[]") or None,
        transport=_transport(_text(request.http_version), _text(response.http_version)),
        complete=answered and not left_out,
        truncated=left_out + unseen,
    )


def _messages(
    ident: str, listed: object, since: float, started: float | None
) -> Iterator[Message | Problem]:
    for item in listed if isinstance(listed, list) else ():
        fields = item if isinstance(item, dict) else {}
        is_text = fields.get("opcode") != 2
        content = body_bytes(fields.get("data"), None if is_text else "base64", "", latin1=False)
        if content is None or fields.get("type") not in {"send", "receive"}:
            yield Problem(ident, "read", "bad_message", "a WebSocket message is broken")
            continue
        at = fields.get("time")
        seconds = float(at) if isinstance(at, int | float) and is_time(at) else None
        yield Message(
            ident,
            since if seconds is None else max(since, _since(seconds, started)),
            fields["type"] == "send",
            is_text,
            content,
        )


def _seconds(value: object) -> float | None:
    """Read a startedDateTime: ISO 8601 with any zone (UTC without one), or seconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if is_time(value) else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = zoned.timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if is_time(seconds) else None


def _since(seconds: float | None, started: float | None) -> float:
    return 0.0 if seconds is None or started is None else max(0.0, seconds - started)


@lru_cache(64)
def _transport(*versions: str) -> str:
    """Return "h2", "h3" or "http/1.1"; the last also where the file is silent."""
    for version in versions:
        text = version.lower().removeprefix("http/")
        if text.startswith(("h3", "3", "quic")):
            return "h3"
        if text.startswith(("h2", "2", "spdy")):
            return "h2"
        if text.startswith(("1", "0")):
            return "http/1.1"
    return "http/1.1"


def _reason(response: Response | None) -> str:
    found = _NET_ERROR.fullmatch(_text(response.error)) if response else None
    return found[0] if found else "no answer"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _size(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < 2**40 else 0


def _tools(creator: object, tweasel: object) -> tuple[tuple[str, str], ...]:
    """Return the programs that made the file."""
    found: list[tuple[str, str]] = []
    if isinstance(creator, dict):
        note = _text(creator.get("comment"))
        version = " ".join(part for part in (_text(creator.get("version")), note) if part)
        found.append((_text(creator.get("name"))[:80] or "unknown", version[:80]))
    versions = tweasel.get("versions") if isinstance(tweasel, dict) else None
    if isinstance(versions, dict):
        found += [
            (name[:80], version[:80])
            for name, version in versions.items()
            if isinstance(name, str) and isinstance(version, str)
        ]
    return tuple(found[:20])


def _device(tweasel: object) -> str:
    """Return maker, model and system of the phone, where cyanoacrylate noted them."""
    device = tweasel.get("device") if isinstance(tweasel, dict) else None
    if not isinstance(device, dict):
        return ""
    parts = [_text(device.get(key)) for key in ("manufacturer", "model", "platform", "osVersion")]
    return " ".join(part for part in parts if part)[:120]
