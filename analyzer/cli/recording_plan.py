"""What `evenhand proxy` is to record: a lane for each phone, and what it needs to join."""

from __future__ import annotations

import errno
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.cli.recorded_phones import phones
from analyzer.errors import UserError
from analyzer.models import Session
from analyzer.study import SETUP

if TYPE_CHECKING:
    from addons.exits import ExitCheck
    from addons.guard import Guard
    from addons.lanes import AddonFactory, Lane
    from addons.upstream import Upstream
    from analyzer.bundle import BundleWriter
    from analyzer.cli.recorded_phones import RecordedPhone
    from analyzer.joining import Join, Mode
    from analyzer.study import Study

FIRST_PORT = {"wireguard": 51820, "regular": 8080, "socks5": 1080, "transparent": 8080}
AUTHORITY = "mitmproxy-ca-cert.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for."""

    arms: tuple[str, ...]
    accounts: tuple[str, ...]  # whose feed it is; the study has their arms
    mode: Mode
    port: int | None  # of the first phone; each further one has the next
    host: str  # to listen on, "" for all
    address: str  # of this machine, as the phone reaches it
    repeat: int | None
    block: str
    device: str
    app_id: str
    confdir: Path
    upstreams: tuple[str, ...]  # URL, or ARM=URL
    check_url: str
    check_minutes: float
    allow_wrong_exit: bool
    geo_databases: tuple[Path, ...]
    refuse_quic: bool
    passthrough: bool
    instrumented: str
    setup: bool  # the phone is yet to be set up
    interface: str  # whose packets are recorded, too; "" for none


@dataclass(frozen=True, slots=True)
class Plan:
    """The lanes to record, and how the phone of each joins."""

    lanes: tuple[Lane, ...]
    joins: tuple[Join, ...]


def possible_mode(host: str, port: int | None) -> tuple[Mode, str]:
    """Return WireGuard if its UDP port can be had, else the regular proxy and why.

    `UserError` where the port is in use: the phones of two arms have to come the same way.
    """
    wanted = port or FIRST_PORT["wireguard"]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, wanted))
    except socket.gaierror:
        pass  # the proxy says so itself
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"UDP port {wanted} is in use, perhaps by another recording",
                "name all arms in one command, or choose another --port, or --mode regular",
            ) from None
        return "regular", f"UDP port {wanted} cannot be used ({error.strerror})"
    return "wireguard", ""


def plan(study: Study, wanted: Wanted) -> Plan:
    """Return what to record; `UserError` for whatever cannot be."""
    from addons.lanes import Lane
    from addons.starting import prepare_authority
    from analyzer.joining import prepare_join

    recorded = phones(study, wanted.arms, wanted.accounts)
    upstreams = _upstreams(wanted, [each.arm for each in recorded])
    check = _exit_check(wanted)
    packets = _packets(wanted.interface)
    confdir = wanted.confdir.expanduser()
    prepare_authority(confdir, 2048)
    lanes: list[Lane] = []
    joins: list[Join] = []
    before: Counter[str] = Counter()
    for number, phone in enumerate(recorded):
        port = (wanted.port or FIRST_PORT[wanted.mode]) + number
        join = prepare_join(
            confdir,
            phone.name,
            study=study.name,
            mode=wanted.mode,
            endpoint_host=wanted.address,
            port=port,
            authority_pem=confdir / AUTHORITY,
            app_id=wanted.app_id or None,
            listen_host=wanted.host,
        )
        joins.append(join)
        lanes.append(
            Lane(
                session=_session(study, phone, wanted, before[phone.arm]),
                phase=SETUP if wanted.setup else study.phases[0],
                mode=join.mitmproxy_mode.rpartition("@")[0],
                host=wanted.host,
                port=port,
                refuse_quic=wanted.refuse_quic,
                learn=wanted.passthrough,
                upstream=upstreams.get(phone.arm, upstreams.get("")),
                exit_check=check,
                extra=(_check_page(study, phone.arm, wanted, confdir / AUTHORITY), *packets),
            )
        )
        before[phone.arm] += 1
    return Plan(tuple(lanes), tuple(joins))


def _session(study: Study, phone: RecordedPhone, wanted: Wanted, before: int) -> Session:
    """Return the session of `phone`; `before`: sessions of its arm that begin with it."""
    from analyzer.bundle import new_session, next_repeat
    from analyzer.extract.shapes import digests

    arm = study.arm(phone.arm)
    return new_session(
        study,
        arm,
        repeat=(wanted.repeat or next_repeat(study.captures, arm)) + before,
        block=wanted.block,
        device=wanted.device,
        origin="proxy",
        planted=digests(study.persona(phone.arm).values, study.key),
        mode=wanted.mode,
        instrumented=wanted.instrumented,
        account=phone.account,
        role=phone.role,
        interest=phone.interest,
    )


def _check_page(study: Study, arm: str, wanted: Wanted, authority: Path) -> AddonFactory:
    expectation = study.expectation(arm)

    def make(writer: BundleWriter, guard: Guard) -> object:
        from addons.checkpage import CheckPage

        return CheckPage(
            writer,
            guard,
            expectation=expectation,
            authority_pem=authority,
            mode=wanted.mode,
            exit_country=lambda: writer.exit_country,
        )

    return make


def _packets(interface: str) -> tuple[AddonFactory, ...]:
    """Return what records the packets of `interface` beside all lanes; nothing for ""."""
    if not interface:
        return ()
    from addons.packets import record_packets
    from analyzer.packets import check_interface

    check_interface(interface)
    return (record_packets(interface),)


def _upstreams(wanted: Wanted, arms: Sequence[str]) -> dict[str, Upstream]:
    """Return the upstream proxy of each of `arms`; under "" that of all others."""
    from addons.upstream import parse_upstream

    found: dict[str, Upstream] = {}
    for each in wanted.upstreams:
        label, sign, url = each.partition("=")
        named = bool(sign) and "/" not in label
        if named and label not in arms:
            raise UserError(
                f"--upstream names the arm {label!r}, which is not recorded",
                f"write one of {', '.join(dict.fromkeys(arms))} before the =",
            )
        arm = label if named else ""
        if arm in found:
            raise UserError("an arm has two upstream proxies", "name one for each")
        found[arm] = parse_upstream(url if named else each)
    return found


def _exit_check(wanted: Wanted) -> ExitCheck | None:
    from addons.exits import ExitCheck

    if not wanted.check_url:
        if wanted.geo_databases:
            raise UserError(
                "--geo-db alone says nothing: nobody asks for the address that the internet sees",
                "add --check-url URL, of a page that answers with it",
            )
        return None
    return ExitCheck(
        wanted.check_url,
        _locate(wanted.geo_databases),
        every_s=wanted.check_minutes * 60,
        allow_wrong=wanted.allow_wrong_exit,
    )


def _locate(databases: Sequence[Path]) -> Callable[[str], Sequence[tuple[str, str]]]:
    from analyzer.region.exits import found_databases, open_databases

    return open_databases(databases or found_databases()).locate
