"""A capture made to hurt: markup, marks and personal data in every place that a request has.

From the bundle to everything that people look at: nothing of it is obeyed, and no value of the
persona, in no spelling, is in anything that the program writes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pandas as pd
import pytest
import recording
import reporting
from recording import post, record

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.explain import explain
from analyzer.explanation import Explanation
from analyzer.extract.shapes import visible
from analyzer.frames import Frames, analyse, load_frames
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Event, Exchange
from analyzer.study import Study
from reports import tables
from reports.explained import print_explanation
from reports.html import render_html
from reports.templating import source
from reports.terminal import View, print_comparison

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MARKUP = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
MARKS = "\u202e\u2066\u200f"
CONTROL = "\x00\x1b[2J\x9b"
NASTY = MARKUP + IMAGE + MARKS + CONTROL

PLANTED = {
    "id.advertising": "9b1e7c55-0f2d-4c8a-b7de-3a6f0d2c9e11",
    "person.email": "Wanjiku.Planted+tag@mail.example",
    "person.username": "wanjiku_planted_77",
    "demo.birthdate": "2013-03-29",
    "loc.precise": "-1.28556,36.83597",
    "person.phone": "+254712345678",
}
# Sent beside them; recognised by rules or by the names of their keys, and as private.
SENT = ("tok-8e21f7c0aa91", "Canary Avenue 4711", "c4n4ry-device-0815")
PERSONA = "\n".join(f'"{name}" = "{value}"' for name, value in PLANTED.items())
WAIVED = '[compare.waive]\nsteps = "one side has hostile ones"\nduration = "and takes longer"\n'
STUDY = recording.STUDY.replace(f'"person.email" = "{recording.EMAIL}"', PERSONA) + WAIVED


def spellings(value: str) -> set[str]:
    """Ways in which `value` could be in a file, long enough not to be there by chance."""
    raw = value.encode()
    found = {value, value.lower(), value.upper(), quote(value, safe=""), quote_plus(value)}
    found |= {
        base64.b64encode(raw).decode().rstrip("="),
        raw.hex(),
        value.encode("unicode-escape").decode(),
    }
    found |= {hashlib.new(name, raw).hexdigest() for name in ("md5", "sha1", "sha256")}
    found |= {each.replace("%", "%25") for each in found} | {json.dumps(value)[1:-1]}
    return {each for each in found if len(each) >= 8}


FORBIDDEN = {spelling for value in (*PLANTED.values(), *SENT) for spelling in spellings(value)}
# Halves of a position, which travel alone.
FORBIDDEN |= {"1.28556", "36.83597"}


def hostile_exchanges() -> list[Exchange]:
    """Requests with markup in every name, and everything planted in every place."""
    phone = PLANTED["person.phone"]
    email, advertising = PLANTED["person.email"], PLANTED["id.advertising"]
    token, street, device = SENT
    pairs = "&".join(
        f"{quote(NASTY + name)}={quote(value)}" for name, value in [*PLANTED.items(), ("x", token)]
    )
    fields = {
        NASTY: email,
        f"{NASTY}.email": email.upper(),
        email: "as a key",
        "=1+1": phone,
        "device_id": device,
        "street": street,
        "deep": [{NASTY: [advertising, {f"@SUM({NASTY})": PLANTED["person.username"]}]}],
        "born": PLANTED["demo.birthdate"],
        "lat": -1.28556,
        "lon": 36.83597,
    }
    body = json.dumps(fields).encode()
    as_json = ("content-type", "application/json")
    hashed = hashlib.sha256(email.lower().encode()).hexdigest()
    return [
        post(f"gps_adid={advertising}&email={hashed}&{pairs}"),
        post(
            path=f"/u/{quote(email)}/{quote(NASTY)}/{advertising}?{pairs}",
            host="evil.else.example",
            request_headers=(
                as_json,
                (f"x-{MARKUP}", email),
                ("x-device-id", device),
                ("cookie", f"{MARKUP}={quote(email)}; sid={token}; {quote(NASTY)}={advertising}"),
                ("authorization", f"Bearer {token}"),
                ("user-agent", f"Pebblo {NASTY[:60]}"),
            ),
            request_body=body,
            response_headers=(("set-cookie", f"{MARKUP}={email}"), ("content-type", "text/html")),
            response_body=NASTY.encode(),
        ),
        post(host=f"a{MARKUP}.example", path="/x", request_headers=(as_json,), request_body=body),
        post(host=f"b{MARKS}.example", path="/", request_headers=(as_json,), request_body=body),
        post(host="=cmd.example", path="/", request_headers=(as_json,), request_body=body),
        post(host="x" * 300 + ".example", path="/", request_headers=(as_json,), request_body=body),
        post("", "only-a-header.example", request_headers=((f"x-{MARKUP}", email),)),
        post(
            host="socket.else.example",
            path="/live",
            request_headers=(("content-type", "text/plain"),),
            request_body=base64.b64encode(body),
        ),
    ]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One side that is hostile, one that is plain; six sessions each."""
    found = recording.study(tmp_path_factory.mktemp("hostile"), STUDY)
    events = [
        Event(1.0, "tls_refused", f"pinned{MARKUP}.example", f"unknown ca {NASTY}", 0, 0),
        Event(1.5, "tls_passthrough", "passed.example", NASTY, 1_000, 2_000),
    ]
    for repeat in range(1, 7):
        record(found, "DE-13", repeat, [post("environment=production")])
        record(
            found,
            "KE-13",
            repeat,
            hostile_exchanges(),
            events=events,
            steps=[(f"use {NASTY}", 0.5)],
        )
    analyse(found, jobs=1)
    return found


@pytest.fixture(scope="module")
def frames(study: Study) -> Frames:
    return load_frames(study)


@pytest.fixture(scope="module")
def comparison(study: Study, frames: Frames, knowledge: Knowledge) -> Comparison:
    return compare(frames, study, knowledge, "DE", "KE")


@pytest.fixture(scope="module")
def html(comparison: Comparison, knowledge: Knowledge) -> str:
    return render_html(comparison, knowledge)


@pytest.fixture(scope="module")
def explained(
    study: Study, frames: Frames, comparison: Comparison, knowledge: Knowledge
) -> list[Explanation]:
    """What `explain` says of every kind of finding, and of some rows."""
    of_one = frames.findings[frames.findings["session"].str.startswith("KE-13-r01")]
    ids = of_one.drop_duplicates(["host", "part", "path", "data_type"])["id"].tolist()
    ids += frames.signals["id"].tolist()[:5] + [row.id for row in comparison.deltas[::7]]
    return [explain(study, knowledge, identifier) for identifier in ids]


def printed(explained: list[Explanation], comparison: Comparison) -> str:
    """Everything that goes to a terminal."""
    with redirect_stdout(io.StringIO()) as out:
        print_comparison(comparison, view=View(every=True))
        for each in explained:
            print_explanation(each)
    return out.getvalue()


def test_the_capture_is_as_hostile_as_it_is_meant_to_be(
    frames: Frames, comparison: Comparison
) -> None:
    found = frames.findings
    assert set(PLANTED) <= set(found["data_type"])
    assert {"path", "query", "header", "cookie", "body", "response_cookie"} == set(found["part"])
    told = " ".join([*found["host"], *found["path"], *found["phase"]])
    for piece in (MARKUP, "onerror=alert(1)", "=1+1", "x" * 200, "%3cscript%3e", "%e2%80%ae"):
        assert piece in told, piece
    assert any(spot.side == "b" for spot in comparison.blind_spots)
    assert "only_b" in {row.verdict for row in comparison.deltas}


def test_markup_is_text_in_the_page(html: str) -> None:
    found = reporting.Page(html)
    assert [tag for tag, _ in found.tags if tag in {"script", "img"}] == ["script"]
    assert reporting.its_own_script_and_no_other(html)
    assert not [name for _, each in found.tags for name in each if name.startswith("on")]
    assert f"use {visible(NASTY)}" in found.text
    assert f"x-{MARKUP}" in found.text  # a header
    assert "pinned%3cscript%3e" in found.text  # a host, which classification has encoded
    assert not [char for char in html if char != "\n" and not char.isprintable()]


@pytest.mark.browser
def test_nothing_of_it_runs_in_a_browser(html: str, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    scripts = "[...document.querySelectorAll('script, img')].map(each => each.textContent)"
    assert page.evaluate(scripts) == [source("report.js")]
    assert visible(NASTY) in page.evaluate("document.body.textContent")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []
    page.close()


def test_a_terminal_obeys_nothing_of_it(
    explained: list[Explanation], comparison: Comparison
) -> None:
    told = printed(explained, comparison)
    assert visible(NASTY) in told
    for text in (told, tables.comparison_markdown(comparison)):
        assert not [char for char in text if char != "\n" and not char.isprintable()]


def test_no_spreadsheet_obeys_it(study: Study, frames: Frames, tmp_path: Path) -> None:
    tables.write_table(frames.findings, tmp_path / "f.csv")
    told = pd.read_csv(tmp_path / "f.csv", keep_default_na=False, dtype=str)
    assert len(told) == len(frames.findings)
    cells = [cell for column in told for cell in told[column]]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert "'=1+1" in cells


def test_no_value_is_in_anything_that_is_written(
    study: Study,
    frames: Frames,
    comparison: Comparison,
    explained: list[Explanation],
    html: str,
    tmp_path: Path,
) -> None:
    written = {
        "page": html,
        "csv": tables.deltas_csv(comparison),
        "json": tables.comparison_json(comparison),
        "markdown": tables.comparison_markdown(comparison),
        "terminal": printed(explained, comparison),
        "explain --json": json.dumps([asdict(each) for each in explained], ensure_ascii=False),
    }
    for ending in ("csv", "json", "parquet"):
        tables.write_table(frames.findings, tmp_path / f"findings.{ending}")
    files = [*study.findings.rglob("*"), *tmp_path.iterdir()]
    for path in files:
        if path.is_file():
            written[f"the bytes of {path.name}"] = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":  # compressed: its bytes alone would hide what is in it
            table = pd.read_parquet(path)
            written[f"the cells of {path.parent.name}/{path.name}"] = "\n".join(
                str(cell) for column in table for cell in table[column]
            )
    assert len(written) > 60
    assert "only_b" in written["csv"]
    leaked = {
        (name, value) for name, text in written.items() for value in FORBIDDEN if value in text
    }
    assert leaked == set()


def test_the_search_would_find_a_value() -> None:
    email = PLANTED["person.email"]
    for text in (email, email.lower(), quote(email), hashlib.md5(email.encode()).hexdigest()):
        assert [value for value in FORBIDDEN if value in f"<td>{text}</td>"], text
