"""Exchanges in which somebody is given identifiers, sends them and has them passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from recording import post

from analyzer.classify import Classifier
from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.findings import Identifier
from analyzer.identity import Collector
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.study import Study

KEY = b"k" * 32
UID = "Qm7Xc2Rt9LpZ4vWk8NbY"  # what the first of a chain of servers calls the phone


def get(
    url: str,
    *,
    t_s: float = 1.0,
    cookies: Mapping[str, str] | None = None,
    sets: Mapping[str, str] | None = None,
    to: str = "",
    headers: Sequence[tuple[str, str]] = (),
    answer: bytes = b"",
) -> Exchange:
    """A request without a body; its answer may set cookies and lead elsewhere."""
    sent = tuple(headers)
    if cookies:
        sent += (("cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())),)
    told = [("content-type", "application/json")]
    told += [("set-cookie", f"{name}={value}; Path=/") for name, value in (sets or {}).items()]
    told += [("location", to)] if to else []
    return replace(
        post("", t_s=t_s),
        method="GET",
        url=url,
        request_headers=sent,
        request_body=b"",
        status=302 if to else 200,
        response_headers=tuple(told),
        response_body=answer,
    )


def sync_chain(uid: str = UID, t_s: float = 1.0) -> list[Exchange]:
    """A cookie sync: a.example's cookie goes to b.example and from there to c.example."""
    return [
        get(
            "https://px.a-ads.example/start",
            t_s=t_s,
            sets={"uid": uid},
            to=f"https://sync.b-ads.example/in?partner_uid={uid}",
        ),
        get(
            f"https://sync.b-ads.example/in?partner_uid={uid}",
            t_s=t_s + 0.1,
            sets={"b": "7fQ2wLx9Zk4TnR6cVb3H"},
            to=f"https://m.c-ads.example/m?puid={uid}",
        ),
        get(f"https://m.c-ads.example/m?puid={uid}", t_s=t_s + 0.2),
    ]


def collect(
    study: Study, exchanges: Sequence[Exchange], values: Sequence[tuple[str, str]] = ()
) -> tuple[tuple[Identifier, ...], Collector]:
    """Return what a collector makes of `exchanges`, and the collector itself."""
    knowledge = load_knowledge()
    extractor = Extractor(knowledge, values, KEY)
    classifier = Classifier(study, knowledge, extractor.mask)
    collector = Collector(KEY, extractor.mask)
    for number, exchange in enumerate(exchanges, 1):
        named = replace(exchange, id=str(number))
        decoded = decode(named)
        host = named.url.partition("://")[2].partition("/")[0]
        found = extractor.extract(named, decoded)
        collector.exchange(classifier.destination(host), named, decoded, found.matches)
    return collector.identifiers("s"), collector
