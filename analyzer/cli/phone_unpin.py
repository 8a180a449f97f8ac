"""`evenhand phone unpin`: what Frida needs for an app that pins."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import complain, confdir_option, example
from analyzer.cli.phone_options import port_option, ready_adb, serial_option


@click.command(
    "unpin",
    short_help="Prepare Frida for an app that pins.",
    epilog=example("evenhand phone unpin --app com.example.app --scripts unpinning-scripts"),
)
@click.option("--app", "app_id", required=True, metavar="ID", help="The app: its package name.")
@click.option(
    "--scripts",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Your clone of httptoolkit/frida-interception-and-unpinning.",
)
@confdir_option
@click.option(
    "--session-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("unpinning"),
    show_default=True,
    metavar="DIR",
    help="Where config.js is written.",
)
@click.option(
    "--way",
    type=click.Choice(["proxy", "tunnel"]),
    default="proxy",
    show_default=True,
    help="How the app's traffic comes here: led by Frida, or by the WireGuard tunnel.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="This machine as the phone sees it; 127.0.0.1 with `evenhand phone proxy on`.",
)
@port_option
@serial_option
def unpin(
    app_id: str,
    scripts: Path,
    confdir: Path,
    session_dir: Path,
    way: str,
    host: str,
    port: int,
    serial: str | None,
) -> None:
    """Write the scripts' config.js and print the command that starts the app under Frida.

    This changes the app. Record such a session with `evenhand proxy --instrumented frida`: it is
    then never mixed with others in a comparison. Frida needs a rooted phone; without root, apps
    can be repackaged with apk-mitm or `objection patchapk`, which is `--instrumented` too.
    """
    from analyzer.joining.authority import load_authority
    from analyzer.phone.unpinning import SCRIPTS, find_frida, prepare, server_runs

    authority = load_authority(confdir.expanduser() / "mitmproxy-ca-cert.pem")
    find_frida()
    adb = ready_adb()
    phone = adb.choose(serial)
    config, line = prepare(
        app_id,
        scripts,
        session_dir,
        pem=authority.pem,
        host=host,
        port=port,
        way="tunnel" if way == "tunnel" else "proxy",
        device=phone.serial if len(adb.devices()) > 1 else None,
    )
    if not server_runs(adb, phone.serial):
        complain(
            "note: frida-server does not run on the phone: it needs root; without it, repackage "
            "the app with apk-mitm or `objection patchapk`"
        )
    click.echo(f"Wrote {click.format_filename(config)} (scripts: {SCRIPTS}, AGPL-3.0)")
    click.echo("Record the session as changed by this, in another terminal:")
    click.echo("  evenhand proxy --instrumented frida --arm ARM")
    click.echo("Then start the app:")
    click.echo(f"  {line}")
