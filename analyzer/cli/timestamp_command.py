"""`evenhand timestamp`: an authority says when a seal was there already."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    example,
    open_study,
    study_option,
)

_TIMEOUT_S = 30.0


@click.command(
    "timestamp",
    short_help="Have a time-stamp put on seals (RFC 3161).",
    epilog=example("evenhand timestamp KE-13-r01 --url https://freetsa.org/tsr"),
)
@bundles_argument
@click.option("--url", required=True, metavar="URL", help="The authority's address (http, https).")
@click.option(
    "--tsa-certificate",
    "authority",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Its certificates (PEM): what does not fit them is not taken.",
)
@study_option
def command(bundles: tuple[str, ...], url: str, authority: Path | None, study_dir: Path) -> None:
    """Send the hash of each SESSION's seal to an authority, and keep the time-stamp it gives.

    Default: every sealed session of the study that has none yet. The hash of the seal is all that
    leaves this machine, and only to URL. `verify` checks time-stamps later without a network.
    """
    from analyzer.bundle.seals import TIMESTAMP, has_seal
    from analyzer.cli.output import write
    from analyzer.custody import log, timestamps
    from analyzer.custody.seal import SEAL, digest
    from analyzer.errors import UserError
    from analyzer.sums import sha256

    if not url.lower().startswith(("http://", "https://")):
        raise UserError(f"{url!r} is no address of an authority", "it begins with https://")
    root = open_study(study_dir).root
    paths = [
        path
        for path in chosen_bundles(bundles, study_dir)
        if bundles or (has_seal(path) and not (path / TIMESTAMP).exists())
    ]
    if not paths:
        click.echo("No session needs a time-stamp.")
    for path in paths:
        if not has_seal(path):
            raise UserError(
                f"{path.name} has no seal", "it is not closed, or from an older version"
            )
        content = (path / SEAL).read_bytes()
        asked = timestamps.request(content)
        stamp = timestamps.take(asked, _fetched(url, asked.encoded))
        wrong, said = timestamps.check(stamp, content, authority)
        if wrong or said is None:
            raise UserError(f"the time-stamp {wrong}", "look at the authority's certificates")
        write(path / TIMESTAMP, stamp)
        (path / TIMESTAMP).chmod(0o600)
        about = {"seal": digest(content), "sha256": sha256(path / TIMESTAMP)}
        log.append(root, "timestamped", session=path.name, url=url, stamps={path.name: about})
        click.echo(f"{path.name}: {said.time} by {said.authority}\n  {said.checked}")


def _fetched(url: str, query: bytes) -> bytes:
    """Ask the authority at `url`, and return what it answers."""
    import urllib.request
    from http.client import HTTPException

    from analyzer.custody.timestamps import MOST_BYTES
    from analyzer.errors import UserError

    headers = {"Content-Type": "application/timestamp-query"}
    asked = urllib.request.Request(url, query, headers)  # noqa: S310 - http or https
    try:
        with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return bytes(answer.read(MOST_BYTES))
    except (OSError, HTTPException, ValueError) as error:
        raise UserError(f"{url} did not answer: {error}", "look at the address") from None
