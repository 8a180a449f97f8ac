"""`evenhand key`: the key that seals are signed with, and those of others."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import echo_json, example, json_option


@click.group(
    "key",
    short_help="The key that signs sessions, and keys of others.",
    epilog=example(
        "evenhand key show\nevenhand key export -o our-key.pem\nevenhand key trust their-key.pem"
    ),
)
def command() -> None:
    """Show the key that seals are signed with, give its public half away, trust that of others.

    The key (Ed25519) is made when it is first needed, in your data folder; EVENHAND_KEY names
    another file. Whoever has it can sign in your name: it never belongs into a study.
    """


@command.command(
    "show",
    short_help="Where the key is, and its fingerprint.",
    epilog=example("evenhand key show"),
)
@json_option
def show(as_json: bool) -> None:
    """Say where the own key is, and print its fingerprint, by which others know it."""
    from analyzer.custody.keys import key_file, own_key

    key = own_key()
    if as_json:
        echo_json({"file": str(key_file()), "fingerprint": key.fingerprint})
        return
    click.echo(f"{key.fingerprint}\n  in {click.format_filename(key_file())}")


@command.command(
    "export",
    short_help="Print the public half, for others.",
    epilog=example("evenhand key export -o our-key.pem"),
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to; default: it is printed.",
)
def export(output: Path | None) -> None:
    """Print the public half of the own key as PEM: others check with it, and cannot sign."""
    from analyzer.cli.output import write
    from analyzer.custody.keys import own_key, public_pem

    text = public_pem(own_key().public)
    if output is None:
        click.echo(text, nl=False)
        return
    write(output, text)
    click.echo(f"Wrote {click.format_filename(output)}")


@command.command(
    "trust",
    short_help="Know a key of somebody else.",
    epilog=example("evenhand key trust their-key.pem"),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def trust(file: Path) -> None:
    """Trust the public key in FILE: `verify` says from now on that it is known.

    Compare its fingerprint with the one that its owner tells you, by another way than the file.
    """
    from analyzer.custody import keys

    click.echo(f"Trusted: {keys.trust(file)}")
