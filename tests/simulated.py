"""Bundles of the fictional app in many countries, written as a recorder would, without a network.

The requests and answers are those of the simulation (`analyzer.simulation.plan`); only what carries
them is left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from recording import prove_region
from ruamel.yaml import YAML

from analyzer.bundle import BundleWriter, new_session
from analyzer.models import Event, Exchange
from analyzer.simulation.declaration import FILE, Cookie, Declaration
from analyzer.simulation.demo import prepare_demo
from analyzer.simulation.plan import Planned, Scene, plan, reply
from analyzer.simulation.run import scene_of
from analyzer.study import Study

EEA, MAJORITY, OTHER = ("DE", "FR"), ("KE", "PH", "BR"), ("US",)
COUNTRIES = (*EEA, *MAJORITY, *OTHER)
AGES = (13, 16, 30)
# What the phone says of itself in the countries that the demonstration does not have.
_VALUES: Mapping[str, Mapping[str, str]] = {
    "demo.language": {"FR": "fr-FR", "PH": "fil-PH", "BR": "pt-BR", "US": "en-US"},
    "loc.country": {"FR": "FR", "PH": "PH", "BR": "BR", "US": "US"},
    "loc.coarse": {"FR": "Nantes", "PH": "Cebu City", "BR": "Recife", "US": "Omaha"},
    "loc.timezone": {
        "FR": "Europe/Paris", "PH": "Asia/Manila", "BR": "America/Recife", "US": "America/Chicago",
    },
    "loc.sim_carrier": {"FR": "20801", "PH": "51502", "BR": "72405", "US": "310260"},
}  # fmt: skip
_CODES = {"DE": "+491713920", "FR": "+336392017", "KE": "+254700391", "PH": "+639173920",
          "BR": "+558199392", "US": "+140255501"}  # fmt: skip
_START = 1.8e9


def declaration(ages: Sequence[int] = AGES) -> Declaration:
    """Return the declaration of the demonstration for six countries and three ages."""
    raw = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
    for name, more in _VALUES.items():
        raw["values"][name] |= more
    raw["arms"], raw["personas"] = {}, {}
    for country in COUNTRIES:
        for age in ages:
            name = f"{country.lower()}-{age}"
            raw["arms"][f"{country}-{age}"] = {
                "country": country, "age": age, "consent": "accepted", "persona": name,
            }  # fmt: skip
            raw["personas"][name] = _persona(country, age)
    return msgspec.convert(raw, Declaration)


def _persona(country: str, age: int) -> dict[str, str]:
    place = COUNTRIES.index(country)
    name = f"{country}{age}"
    return {
        "person.name": f"Quillon{name} Zephyrine{name}",
        "person.email": f"quillon.{name.lower()}@post.example",
        "person.phone": f"{_CODES[country]}{place}{age}",
        "demo.birthdate": f"{2026 - age}-0{place + 1}-{age}",
        "id.advertising": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "loc.precise": f"{10 + place}.{age}96{place},{20 + place}.7{age}3{place}",
        "soc.contacts": f"tante.{name.lower()}@post.example",
    }


def study(folder: Path, declared: Declaration) -> Study:
    """Make the study of the demonstration, in which no gate is waived."""
    made = prepare_demo(folder, declared)
    return replace(made, compare=replace(made.compare, waive=()))


def record_scene(
    made: Study,
    scene: Scene,
    *,
    label: str = "",
    pinned: Collection[str] = (),
    exits: str = "",
) -> Path:
    """Write the bundle of `scene`, and return it.

    `label`: the arm that the session claims, if another; `pinned`: hosts that refuse to be read,
    beside those that are declared; `exits`: where the traffic leaves, if not in its country.
    """
    arm = made.arm(label or scene.arm.label)
    number = sorted(made.arms).index(arm.label)
    started = _START + 86_400 * scene.repeat + 600 * number
    session = new_session(
        made, arm, repeat=scene.repeat, origin="proxy", started=started, mode="wireguard"
    )
    session = replace(session, id=f"{arm.label}-r{scene.repeat:02d}-sim-{number:06x}")
    writer = BundleWriter.create(made.captures, session, phase=made.phases[0])
    prove_region(writer, exits or arm.country)
    phase, t_s = made.phases[0], 1.0
    exchanges = 0
    for request in plan(scene):
        t_s += 1.5 + 0.01 * (number % 7)
        if request.phase != phase:
            phase = request.phase
            writer.add_step(phase, t_s)
            t_s += 0.5
        host = urlsplit(request.url).hostname or ""
        if request.pinned or host in pinned:
            writer.add_event(Event(t_s, "tls_refused", host, "unknown ca", 0, 0))
            continue
        for exchange in _exchanges(scene, request, phase, t_s, str(exchanges + 1)):
            writer.add_exchange(exchange)
        exchanges += 1
    writer.close("done", ended=started + t_s + 20)
    return writer.path


def _exchanges(
    scene: Scene, request: Planned, phase: str, t_s: float, number: str
) -> Iterator[Exchange]:
    answer = reply(scene, request.channel)
    cookies = "; ".join(
        f"{cookie.name}={scene.value(cookie.data)}" for cookie in _kept(scene, request)
    )
    headers = (*request.headers, ("cookie", cookies)) if cookies else request.headers
    yield Exchange(
        id=number, session="", t_s=t_s, phase=phase, method=request.method, url=request.url,
        request_headers=headers, request_body=request.body, status=answer.status,
        response_headers=answer.headers, response_body=answer.body, server_ip=None,
        transport="h2", complete=True, truncated=0,
    )  # fmt: skip
    for place, message in enumerate(request.messages, 1):
        yield Exchange(
            id=f"{number}.w{place}", session="", t_s=t_s, phase=phase, method="WS",
            url=request.url, request_headers=(), request_body=message.content, status=None,
            response_headers=(), response_body=b"", server_ip=None, transport="ws",
            complete=True, truncated=0,
        )  # fmt: skip


def _kept(scene: Scene, request: Planned) -> list[Cookie]:
    """Return the cookies that the phone has by the time of `request`, and sends along."""
    host = urlsplit(request.url).hostname or ""
    before = []
    for each in plan(scene):
        if each == request:
            break
        before += [
            cookie
            for cookie in scene.cookies(each.channel)
            if host == cookie.domain or host.endswith(f".{cookie.domain}")
        ]
    return list({cookie.name: cookie for cookie in before}.values())


def scenes(
    made: Study, declared: Declaration, arms: Sequence[str], repeats: int
) -> Iterator[Scene]:
    """Yield the sessions of `arms`, `repeats` of each, in turns."""
    for repeat in range(1, repeats + 1):
        for label in arms:
            yield scene_of(made, declared, label, repeat)
