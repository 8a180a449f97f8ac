"""`evenhand proxy`: record a session of a test phone, or of several at once."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import complain, confdir_option, example, open_study, study_option

if TYPE_CHECKING:
    from analyzer.cli.recording_plan import Plan
    from analyzer.joining import Mode


@click.command(
    "proxy",
    short_help="Record a session of a test phone.",
    epilog=example(
        'evenhand proxy --arm KE-13 --device "Pixel 7, Android 14"\n'
        "evenhand proxy --arm KE-13 --upstream http://exit.example:3128\n"
        "evenhand proxy --arm KE-13 --arm DE-13\n"
        "evenhand proxy --account ke-1 --usb\n"
        "evenhand proxy --arm KE-13 --mode regular --port 8080"
    ),
)
@click.option(
    "--arm",
    "arms",
    multiple=True,
    metavar="ARM",
    help="Who the phone claims to be: an arm of study.toml. Several: a phone each, at once.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Whose feed it is: an account of [feed] in study.toml, which has its arm. Several: a "
    "phone each, at once.",
)
@click.option(
    "--mode",
    type=click.Choice(["wireguard", "regular", "transparent", "socks5"]),
    help="How the phone reaches this machine; default: wireguard, else regular.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="NUMBER",
    help="Where the first arm's phone joins; the next has the next. Default: 51820 (UDP) for "
    "wireguard, 8080 for regular and transparent, 1080 for socks5.",
)
@click.option(
    "--host",
    default="",
    metavar="ADDRESS",
    help="Listen on this address only; default: on all, for phones of the local network.",
)
@click.option(
    "--address",
    default="",
    metavar="ADDRESS",
    help="This machine as the phone reaches it; default: its address in the local network.",
)
@click.option(
    "--app",
    "app_id",
    metavar="ID",
    help="Confine an Android phone's tunnel to this app; default: the study's.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Which session of the arm it is; default: the next.",
)
@click.option(
    "--block",
    default="",
    metavar="NAME",
    help="Sessions that were made in the same period share a block.",
)
@click.option("--device", default="", metavar="WORDS", help="The phone, in your words.")
@click.option(
    "--upstream",
    "upstreams",
    multiple=True,
    metavar="[ARM=]URL",
    help="Leave through this HTTP proxy (in the arm's country), or not at all.",
)
@click.option(
    "--check-url",
    default="",
    metavar="URL",
    help="A page that answers with the caller's address: asked by the same way out.",
)
@click.option(
    "--check-minutes",
    type=click.FloatRange(0.1, 1440),
    default=5.0,
    show_default=True,
    metavar="NUMBER",
    help="How often --check-url is asked.",
)
@click.option(
    "--geo-db",
    "geo_databases",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Find the exit's country in this .mmdb file (several: all are asked); default: those of "
    "`evenhand geo fetch`.",
)
@click.option(
    "--allow-wrong-exit",
    is_flag=True,
    help="Record also while the exit is in another country than the arm.",
)
@click.option("--refuse-quic", is_flag=True, help="Refuse HTTP/3, so that apps take TCP.")
@click.option(
    "--no-passthrough",
    is_flag=True,
    help="Do not pass on what refuses to be read: apps that pin will not work.",
)
@click.option(
    "--packets",
    "interface",
    default="",
    metavar="IFACE",
    help="Also record the packets of this network interface, with the TLS secrets (as root).",
)
@click.option(
    "--setup",
    is_flag=True,
    help="Begin with a phase for setting the phone up: what happens in it is left out of "
    "every analysis. `evenhand step` begins the study's first phase.",
)
@click.option("--usb", is_flag=True, help="Lead an Android phone here through its USB cable (adb).")
@click.option(
    "--instrumented",
    default="",
    metavar="NAME",
    help='What changes the app while it runs, such as "frida": such sessions are kept apart.',
)
@click.option("--invert", is_flag=True, help="Draw the QR code for a light terminal.")
@click.option("--no-code", is_flag=True, help="Draw no QR code.")
@click.option("--no-page", is_flag=True, help="Serve no page with set-up and live view.")
@confdir_option
@study_option
def command(
    mode: Mode | None,
    port: int | None,
    host: str,
    address: str,
    app_id: str | None,
    no_passthrough: bool,
    usb: bool,
    invert: bool,
    no_code: bool,
    no_page: bool,
    study_dir: Path,
    **given: Any,
) -> None:
    """Record a session of a test phone into the study's captures/.

    Scan the QR code with the WireGuard app (or set the phone's proxy in --mode regular), open
    http://phone.check on it and do what it says, then use the app. Ctrl-C ends the session
    properly. From another terminal, `evenhand step NAME` marks the next phase and `evenhand watch`
    shows what is recorded.
    """
    from addons.runner import leave, record_lanes
    from analyzer.cli.health import lan_addresses
    from analyzer.cli.recording_plan import Wanted, plan, possible_mode
    from analyzer.cli.recording_screen import Screen, say_end
    from analyzer.joining.wireguard import APP_ID

    study = open_study(study_dir)
    if usb:
        mode, host = mode or "regular", host or "127.0.0.1"
    chosen, why_not = (mode, "") if mode else possible_mode(host, port)
    if why_not:
        complain(f"note: no WireGuard, as {why_not}; the phone joins by its proxy setting")
    wanted = Wanted(
        mode=chosen,
        port=port,
        host=host,
        address=address or host or next(iter(lan_addresses()), "127.0.0.1"),
        # The study may call the app by its name in a store.
        app_id=app_id or (study.app if APP_ID.fullmatch(study.app) else ""),
        passthrough=not no_passthrough,
        **given,
    )
    planned = plan(study, wanted)
    with contextlib.ExitStack() as around:
        if usb:
            around.enter_context(_usb(planned))
        codes = sys.stdout.isatty() and not no_code
        screen = Screen(study, planned, invert=invert, codes=codes, pages=not no_page)
        around.callback(screen.close)
        done = record_lanes(
            study.captures,
            planned.lanes,
            confdir=wanted.confdir.expanduser(),
            ready=screen.start,
            on_closing=lambda: complain("closing: hashing what was recorded ..."),
            on_counts=screen.say_counts if sys.stderr.isatty() else None,
        )
    for session in done:
        say_end(session, study.captures / session.id)
    if chosen == "wireguard":
        leave(0)


def _usb(planned: Plan) -> contextlib.AbstractContextManager[object]:
    """Lead the one phone at the USB cable to the one lane; undone at the end in any case."""
    from analyzer.errors import UserError
    from analyzer.phone.adb import find_adb
    from analyzer.phone.usb_proxy import usb_proxy

    if len(planned.lanes) > 1 or planned.joins[0].mode != "regular":
        raise UserError(
            "--usb leads one phone to the regular proxy", "name one arm or account, no other --mode"
        )
    adb = find_adb()
    return usb_proxy(adb, adb.choose().serial, planned.lanes[0].port)
