"""`evenhand phone`: an Android phone over USB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import complain, echo_json, example, json_option, study_option
from analyzer.cli.phone_options import port_option, ready_adb, serial_option
from analyzer.cli.phone_unpin import unpin

if TYPE_CHECKING:
    from analyzer.phone import Change
    from analyzer.phone.facts import Facts
    from analyzer.study import Study


@click.group(
    "phone",
    short_help="Set up an Android phone over USB; read its facts.",
    epilog=example("evenhand phone list\nevenhand phone facts --arm KE-13 --app com.example.app"),
)
def command() -> None:
    """Set up an Android phone over USB with adb, and read what it says of itself.

    Nothing needs root. What is changed on a phone is undone at the end; should that have failed,
    the next of these commands does it.
    """


@command.command(
    "list",
    short_help="List the phones that are connected.",
    epilog=example("evenhand phone list"),
)
@json_option
def list_phones(as_json: bool) -> None:
    """List the connected phones, and for each that cannot be used the one thing to do.

    Exit code 0 if at least one can be used, else 1.
    """
    from analyzer.errors import UserError
    from analyzer.phone.adb import shown

    adb = ready_adb()
    there = adb.devices()
    if as_json:
        echo_json(
            [
                {
                    "serial": shown(device.serial),
                    "model": shown(device.model),
                    "state": shown(device.state),
                    "remedy": device.remedy,
                }
                for device in there
            ]
        )
    elif not there:
        adb.choose()  # says what to do
    else:
        for device in there:
            click.echo(f"{device.shown}  {shown(device.state)}")
            if device.remedy:
                click.echo(f"  {device.remedy}")
    if not any(device.state == "device" for device in there):
        if there and not as_json:
            raise UserError("no phone can be used yet", "see above")
        raise SystemExit(1)


@command.command(
    "facts",
    short_help="Read SIM, language, time zone, clock, app version.",
    epilog=example(
        "evenhand phone facts --app com.example.app\n"
        "evenhand phone facts --arm KE-13 --app com.example.app --json"
    ),
)
@serial_option
@click.option("--app", "app_id", metavar="ID", help="The app under test: its package name.")
@click.option(
    "--session", metavar="ID", help="Store what is found in this session, which is being recorded."
)
@click.option(
    "--arm", metavar="ARM", help="Who the phone claims to be; stores in the arm's running session."
)
@study_option
@json_option
def facts(
    serial: str | None,
    app_id: str | None,
    session: str | None,
    arm: str | None,
    study_dir: Path,
    as_json: bool,
) -> None:
    """Read what the phone says of itself, and where that contradicts the arm.

    Phone numbers, IMEI, accounts and serial numbers are neither asked for nor stored. Exit code 0
    also where something contradicts: it may be meant so.
    """
    from analyzer.bundle import add_measured, read_session
    from analyzer.cli.options import open_study
    from analyzer.expectation import expect
    from analyzer.phone.apps import read_app
    from analyzer.phone.contradictions import contradictions
    from analyzer.phone.facts import read_facts

    study = open_study(study_dir) if session or arm else None
    bundle = _running(study, session, arm) if study else None
    claimed = read_session(bundle).arm if bundle else study.arm(arm) if study and arm else None
    adb = ready_adb()
    phone = adb.choose(serial)
    found = read_facts(adb, phone.serial, read_app(adb, phone.serial, app_id) if app_id else None)
    expected = expect(claimed.country) if claimed else None
    wrong = contradictions(found, expected, study.app_version if study else "")
    if bundle:
        for topic, value in found.rows():
            add_measured(bundle, topic, value, "adb")
    if as_json:
        _facts_json(found, wrong, bundle)
        return
    for topic, value in found.rows():
        click.echo(f"{topic.replace('_', ' '):>16}  {value}")
    if found.odd:
        complain(f"note: no usable answer to {', '.join(found.odd)}")
    for sentence in wrong:
        click.echo(click.style("contradiction: ", fg="red") + sentence)
    if bundle:
        click.echo(f"Stored in {bundle.name}")
    elif arm:
        complain(f"note: not stored, as no session of {arm} is being recorded")


def _facts_json(found: Facts, wrong: list[str], bundle: Path | None) -> None:
    rows = [{"topic": topic, "value": value} for topic, value in found.rows()]
    echo_json(
        {
            "measured": rows,
            "contradictions": wrong,
            "unusable": list(found.odd),
            "stored": bundle.name if bundle else None,
        }
    )


def _running(study: Study, session: str | None, arm: str | None) -> Path | None:
    """Return the bundle to store in: that of `session`, or the arm's running one, if any."""
    from analyzer.bundle import find_bundle, read_session, running_bundles
    from analyzer.errors import UserError

    if session:
        path = find_bundle(study.captures, session)
        if path not in running_bundles(study.captures):
            raise UserError(f"{path.name} is not being recorded", "start `evenhand proxy` first")
        return path
    study.arm(arm or "")
    found = [
        path for path in running_bundles(study.captures) if read_session(path).arm.label == arm
    ]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UserError(f"several sessions of {arm} are being recorded", f"use --session: {names}")
    return found[0] if found else None


@command.command(
    "tunnel",
    short_help="Put a WireGuard configuration onto the phone.",
    epilog=example("evenhand phone tunnel KE-13.conf\nevenhand phone tunnel --clean"),
)
@click.argument(
    "config", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[CONFIG]"
)
@serial_option
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="Remove the file after this time at the latest.",
)
@click.option("--clean", is_flag=True, help="Only remove what an earlier run left on the phone.")
def tunnel(config: Path | None, serial: str | None, wait: float, clean: bool) -> None:
    """Copy CONFIG to the phone's Download folder, open WireGuard, and say what to tap.

    The file holds a private key, so it is removed from the phone when you press Enter, when the
    time is up, or at Ctrl-C. The app keeps its own copy.
    """
    from analyzer.cli.until_told import until_told
    from analyzer.errors import UserError
    from analyzer.phone.tunnel import delivered

    adb = ready_adb()
    if clean:
        _what_is_left()
        return
    if config is None:
        raise UserError("name the configuration", "the .conf file that the proxy wrote")
    phone = adb.choose(serial)
    with until_told() as told, delivered(adb, phone.serial, config) as there:
        click.echo(f"{there.name} is in the phone's Download folder.")
        opening = "In WireGuard, which is open on the phone" if there.opened else "Open WireGuard"
        click.echo(f"{opening}: tap +, Import from file or archive, Downloads, {there.name}.")
        click.echo("Then switch the tunnel on, allow it, and press Enter here.")
        told.wait(wait, by_enter=True)
    _ended(there.state.left, f"{there.name} is removed from the phone.")


@command.command(
    "proxy",
    short_help="Lead the phone's traffic here through the cable.",
    epilog=example("evenhand phone proxy on --port 8080\nevenhand phone proxy off"),
)
@click.argument("switch", type=click.Choice(["on", "off"]))
@port_option
@serial_option
def proxy(switch: str, port: int, serial: str | None) -> None:
    """Set the phone's proxy to this machine, through the USB cable, until Ctrl-C.

    Run `evenhand proxy --mode regular` in another terminal. The setting that the phone had is put
    back at the end, whatever that is; if the cable is out then, as soon as the phone is back and
    any `evenhand phone` command runs. `off` takes away one that was left.
    """
    from analyzer.cli.until_told import until_told
    from analyzer.phone import usb_proxy
    from analyzer.phone.usb_proxy import listens, renew, take_away

    adb = ready_adb()
    phone = adb.choose(serial)
    if switch == "off":
        gone = take_away(adb, phone.serial, port)
        click.echo("The USB proxy is taken away." if gone else "The phone has no USB proxy.")
        return
    if not listens(port):
        complain(
            f"note: nothing listens on port {port} here yet: `evenhand proxy --mode regular "
            f"--port {port}` in another terminal; until then the phone has no internet"
        )
    with until_told() as told, usb_proxy(adb, phone.serial, port) as state:
        click.echo(f"The phone's proxy is port {port} of this machine. Ctrl-C puts it back.")
        there = True
        while not told.wait(5):
            now = renew(adb, phone.serial, port)
            if now is not there:
                click.echo("The phone is back." if now else "The phone is gone: plug it in again.")
            there = now
    _ended(state.left, "The phone's proxy setting is as it was.")


def _ended(left: str, well: str) -> None:
    from analyzer.errors import UserError
    from analyzer.phone.undo import NOT_AS_IT_WAS

    if left:
        raise UserError(left, NOT_AS_IT_WAS)
    click.echo(well)


@command.command(
    "undo",
    short_help="Undo what was left on phones.",
    epilog=example("evenhand phone undo\nevenhand phone undo --forget"),
)
@click.option(
    "--forget",
    is_flag=True,
    help="Forget what is left on phones that are not connected and will not come back.",
)
def undo(forget: bool) -> None:
    """Undo what an interrupted command left on a phone.

    Exit code 0 if nothing is left, 1 if a phone is not connected yet.
    """
    from analyzer.phone import journal

    ready_adb()
    if forget:
        for change in journal.forget():
            click.echo(f"Forgotten: {change}")
    _what_is_left()


def _what_is_left() -> None:
    from analyzer.errors import UserError
    from analyzer.phone import journal, pending_undo

    left: list[Change] = pending_undo()
    for path in journal.damaged():
        complain(
            f"note: {path} is damaged: look whether a phone has a proxy set, then remove the file"
        )
    if left:
        named = "; ".join(map(str, left))
        raise UserError(
            f"not undone yet: {named}", "connect that phone, then run `evenhand phone undo`"
        )
    click.echo("Nothing is left to undo.")


command.add_command(unpin)
