"""`evenhand import`: recordings made with other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import (
    complain,
    echo_json,
    example,
    json_option,
    open_study,
    study_option,
)

if TYPE_CHECKING:
    from analyzer.models import Session
    from analyzer.readers.importing import Imported
    from analyzer.study import Study


@click.command(
    "import",
    short_help="Bring in HAR, .mitm, pcap files or sessions.",
    epilog=example(
        "evenhand import first.har second.har --arm KE-13\n"
        "evenhand import router.pcapng --arm DE-13 --phase use\n"
        "evenhand import router.pcapng --beside KE-13-r03 --phone 192.168.1.23\n"
        "evenhand import netstats.txt --beside KE-13-r03 --uid 10234"
    ),
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path),
)
@click.option("--arm", metavar="ARM", help="The arm that the recordings belong to.")
@click.option(
    "--beside",
    metavar="SESSION",
    help="They are independent witnesses of this session: what it never saw is a blind spot.",
)
@click.option(
    "--phase", metavar="NAME", help="The phase that they belong to; default: the study's first."
)
@click.option(
    "--block",
    default="",
    metavar="NAME",
    help="Sessions that were made in the same period share a block.",
)
@click.option("--device", default="", metavar="WORDS", help="What it was recorded on.")
@click.option(
    "--phone",
    "phones",
    multiple=True,
    metavar="ADDRESS",
    help="Take only the packets of this IP address (several: it has several); default: all.",
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The TLS secrets of the packets (an SSLKEYLOGFILE); default: those inside the file.",
)
@click.option(
    "--app",
    default="",
    metavar="ID",
    help="The app in an App Privacy Report; default: the study's.",
)
@click.option(
    "--uid", type=click.IntRange(0), metavar="NUMBER", help="The app's number, for netstats."
)
@study_option
@json_option
def command(
    files: tuple[Path, ...],
    arm: str | None,
    beside: str | None,
    phase: str | None,
    block: str,
    device: str,
    phones: tuple[str, ...],
    keys: Path | None,
    app: str,
    uid: int | None,
    study_dir: Path,
    as_json: bool,
) -> None:
    """Bring in HAR files, mitmproxy flow dumps, pcap/pcapng files or session folders (also zipped).

    With --beside they are witnesses of a session, and their part that is of its time is kept:
    packet captures (PCAPdroid, tcpdump, a router), `adb shell dumpsys netstats detail full`, or an
    iPhone's App Privacy Report.

    Each FILE becomes one session of the arm; its kind is told from its content. The files stay as
    they are. A damaged file is read as far as it goes, and the session says so. What cannot be
    imported is named, the others are imported all the same, and the exit code is 1.
    """
    from analyzer.custody.log import append
    from analyzer.errors import UserError
    from analyzer.extract.shapes import digests
    from analyzer.readers import Asked
    from analyzer.readers.importing import import_files
    from analyzer.readers.witnessing import session_beside
    from analyzer.sums import sha256

    study = open_study(study_dir)
    study.phase(phase)
    witnessed = session_beside(study, beside) if beside else None
    if witnessed is not None:
        arm = arm or witnessed.arm.label
    if arm is None:
        raise UserError("whose recordings are they?", "say --arm ARM, or --beside SESSION")
    asked = Asked(phones=phones, keys=keys, app=app, uid=uid)
    planted = digests(study.persona(study.arm(arm).label).values, study.key)
    told: list[dict[str, Any]] = []
    refused = False
    for file in files:
        try:
            [done] = import_files(
                study,
                arm,
                [file],
                phase=phase,
                block=block,
                device=device,
                planted=planted,
                beside=witnessed,
                asked=asked,
            )
        except UserError as error:
            refused = True
            told.append({"file": str(file), "session": None, "refused": str(error)})
            complain(str(error))
        else:
            append(
                study.root,
                "imported",
                session=done.session.id,
                file=done.path.name,
                sha256=sha256(file) if file.is_file() else "",
            )
            shown = _share(study, witnessed, done) if witnessed else ""
            told.append(_told(done, shown))
            if not as_json:
                _print(done, shown)
    if as_json:
        echo_json(told)
    if refused:
        raise SystemExit(1)


def _share(study: Study, witnessed: Session, done: Imported) -> str:
    """Say what share of the app's bytes was captured, where the witness counted them."""
    from analyzer.readers.bundle import read_measured
    from analyzer.readers.witnessing import captured_bytes, counted_bytes, share

    counted = counted_bytes(read_measured(study.captures / done.session.id))
    if counted is None:
        return ""
    return share(counted, captured_bytes(study.captures / witnessed.id))


def _told(done: Imported, shown: str) -> dict[str, Any]:
    return {
        "file": str(done.path),
        "session": done.session.id,
        "read": done.read,
        "total": done.total,
        "problems": [{"code": problem.code, "detail": problem.detail} for problem in done.problems],
        **({"beside": done.session.beside} if done.session.beside else {}),
        **({"share": shown} if shown else {}),
    }


def _print(done: Imported, shown: str) -> None:
    name = click.format_filename(done.path, shorten=True)
    click.echo(f"{name}: {done.extent} -> {done.session.id}")
    if shown:
        click.echo(f"  {done.session.origin}: {shown}")
    for problem in done.problems:
        click.echo(f"  {problem.code}: {problem.detail}")
