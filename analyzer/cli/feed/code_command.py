"""`evenhand feed code`: what people say an item is. Sheets or a page, agreement, decisions."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.feed.reopening import tell_reopened, warn_of_reopening
from analyzer.cli.options import echo_json, example, json_option, open_study, study_option

if TYPE_CHECKING:
    from analyzer.feed.codebook import Codebook
    from analyzer.feed.coding.agreement import Agreement, Coefficient

_CODER = "The coder's name, as it was exported; no real name is needed."


@click.group(
    "code",
    short_help="Let people code the items of a feed.",
    epilog=example(
        "evenhand feed code export --coder anna --coder ben\n"
        "evenhand feed code import sheets/anna.csv sheets/ben.csv\n"
        "evenhand feed code agreement\n"
        "evenhand feed code page --coder carol --adjudicate"
    ),
)
def command() -> None:
    """Let two people code the items of a feed, blind and each alone; see how far they agree.

    An item has a final code where two coders agree, or a third person has decided.
    """


@command.command(
    "export",
    short_help="Give the items out: a sheet for each coder.",
    epilog=example(
        "evenhand feed code export --coder anna --coder ben\n"
        "evenhand feed code export --coder anna --coder ben --format xlsx\n"
        "evenhand feed code export --coder anna --coder ben --coder carol --each 2"
    ),
)
@click.option("--coder", "coders", multiple=True, required=True, metavar="NAME", help=_CODER)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "xlsx"]),
    default="csv",
    show_default=True,
    help="The kind of sheet.",
)
@click.option(
    "--each",
    type=click.IntRange(2),
    metavar="N",
    help="Give an item to N of the coders, and a tenth of all items to all of them; default: all.",
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Draw N items; default: all.")
@click.option("--seed", type=int, default=1, show_default=True, help="Draws and shuffles.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the sheets go; default: feed/coding/sheets of the study.",
)
@study_option
def export_sheets(
    coders: tuple[str, ...],
    form: str,
    each: int | None,
    sample: int | None,
    seed: int,
    out: Path | None,
    study_dir: Path,
) -> None:
    """Give the items out: each once, shuffled for each coder; nothing tells whose feed it was.

    Every coder gets items of all countries: where each had her own, nobody could tell a difference
    between countries from one between coders. Once more, it adds what is new. Codes that were
    imported already stand in the sheets.
    """
    from analyzer.feed.codebook import study_codebook
    from analyzer.feed.coding.codes import load_codes
    from analyzer.feed.coding.ledger import coding_folder
    from analyzer.feed.coding.material import study_pieces
    from analyzer.feed.coding.plan import drawn, plan_or_none, planned, write_plan
    from analyzer.feed.coding.sheets import sheets
    from analyzer.feed.coding.words import lines_text

    root = open_study(study_dir).root
    codebook = study_codebook(root)
    pieces = study_pieces(root)
    before = plan_or_none(root)
    plan = planned(before, drawn(pieces, seed, sample), coders, seed, codebook.version, each)
    folder = out or coding_folder(root) / "sheets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    codes = load_codes(root, codebook)
    made = sheets(plan, pieces, codes.by_coder, codebook, "xlsx" if form == "xlsx" else "csv")
    write_plan(root, plan)
    for name, content in {**made, "crisis_lines.txt": lines_text().encode()}.items():
        _write_private(folder / name, content)
    some = f", each for {plan.each} of them," if 0 < plan.each < len(plan.coders) else ""
    click.echo(f"{len(plan.items)} items{some} for {', '.join(plan.coders)}: {folder}")
    if len(plan.coders) < 2:
        click.echo("  one coder alone gives no final codes: export for a second one", err=True)
    warn_of_reopening(codes.may_reopen(plan, coders))


@command.command(
    "import",
    short_help="Take in what coders have filled in.",
    epilog=example("evenhand feed code import sheets/anna.csv sheets/ben.csv"),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option("--partial", is_flag=True, help="Rows may be missing.")
@study_option
def import_sheets(files: tuple[Path, ...], partial: bool, study_dir: Path) -> None:
    """Take in sheets that coders have filled in; all of them, or where one is wrong, none."""
    from analyzer.feed.codebook import study_codebook
    from analyzer.feed.coding.codes import load_codes, record, write_codes
    from analyzer.feed.coding.importing import read_sheet
    from analyzer.feed.coding.material import study_pieces
    from analyzer.feed.coding.plan import load_plan
    from analyzer.feed.custody import log_codes

    root = open_study(study_dir).root
    codebook = study_codebook(root)
    plan = load_plan(root, codebook.version)
    pieces = study_pieces(root)
    found = [read_sheet(file, plan, codebook, pieces, partial=partial) for file in files]
    before = load_codes(root, codebook)
    for sheet in found:
        new = record(root, sheet.coder, sheet.codes, codebook)
        blank = f", {sheet.blank} blank" if sheet.blank else ""
        click.echo(f"{sheet.coder}: {len(sheet.codes)} coded, {new} of them new or changed{blank}")
    write_codes(root)
    log_codes(root, tuple(sheet.coder for sheet in found))
    tell_reopened(load_codes(root, codebook).reopened(before))


@command.command(
    "page",
    short_help="Code on a local page.",
    epilog=example(
        "evenhand feed code page --coder anna --language sw --country KE\n"
        "evenhand feed code page --coder carol --adjudicate"
    ),
)
@click.option("--coder", required=True, metavar="NAME", help=_CODER)
@click.option("--adjudicate", is_flag=True, help="Decide what coders disagree on.")
@click.option("--consensus", is_flag=True, help="With --adjudicate: the coders decide together.")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of the page.")
@click.option("--country", "countries", multiple=True, metavar="CODE", help="Whose crisis lines.")
@click.option(
    "--pause-after",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    metavar="N",
    help="Harmful items between two rests; 0: none.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="NUMBER", help="Any: 0.")
@study_option
def code_on_page(
    coder: str,
    adjudicate: bool,
    consensus: bool,
    language: str,
    countries: tuple[str, ...],
    pause_after: int,
    port: int,
    study_dir: Path,
) -> None:
    """Code on a page for the browser of this machine: text only, keys 1 to 9, breaks.

    Each choice is stored at once. Ctrl-C ends the page. --language: en, sw, fil, es, pt or fr.
    """
    from analyzer.cli.feed.countries import country_codes
    from analyzer.feed.codebook import study_codebook
    from analyzer.feed.coding.codes import load_codes
    from analyzer.feed.coding.desk import Desk
    from analyzer.feed.coding.page import coding_app
    from analyzer.feed.coding.plan import load_plan
    from analyzer.feed.custody import log_codes
    from analyzer.local_page import HERE, local_server, new_token

    if consensus and not adjudicate:
        raise click.UsageError("--consensus goes with --adjudicate only")
    codes = country_codes(countries)
    root = open_study(study_dir).root
    codebook = study_codebook(root)
    desk = Desk(
        root,
        codebook,
        coder,
        adjudicate=adjudicate,
        consensus=consensus,
        pause_after=pause_after,
    )
    token = new_token()
    server = local_server(coding_app(desk, token, language=language, countries=codes), port)
    click.echo(f"http://{HERE}:{server.port}/{token}/")
    click.echo("  open it in the browser of this machine; Ctrl-C ends the page", err=True)
    before = load_codes(root, codebook)
    if not adjudicate:
        warn_of_reopening(before.may_reopen(load_plan(root, codebook.version), (coder,)))
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    log_codes(root, (coder,))
    tell_reopened(load_codes(root, codebook).reopened(before))


@command.command(
    "agreement",
    short_help="Show how far coders agree.",
    epilog=example("evenhand feed code agreement --json"),
)
@json_option
@study_option
def show_agreement(as_json: bool, study_dir: Path) -> None:
    """Show how far coders agree: Cohen's kappa and Krippendorff's alpha, with 95% intervals."""
    import msgspec

    from analyzer.feed.codebook import study_codebook
    from analyzer.feed.coding.agreement import agreement
    from analyzer.feed.coding.codes import load_codes
    from analyzer.feed.coding.material import study_pieces
    from analyzer.feed.coding.triaged import triaged

    root = open_study(study_dir).root
    codebook = study_codebook(root)
    codes = load_codes(root, codebook)
    settled = codes.settled()
    final = {item: each.category for item, each in settled.items()}
    triage = triaged(final, study_pieces(root), codebook)
    found = agreement(codes.by_coder, codebook.keys, codebook.harmful)
    if as_json:
        told = msgspec.to_builtins(found)
        told |= {"codebook": codebook.version, "final": len(settled), "open": len(codes.open())}
        told["triage"] = msgspec.to_builtins(triage)
        echo_json(told)
        return
    _print_agreement(found, codebook)
    click.echo(f"{len(settled)} items have a final code, {len(codes.open())} wait for a decision")
    right, noticed = triage.precision, triage.recall
    click.echo(
        f"Triage, which only suggests: {right.hits} of the {right.of} items that it suggested are "
        f"harmful; it suggested {noticed.hits} of the {noticed.of} that are"
    )
    if codes.others:
        click.echo(f"{codes.others} codes by other versions of the codebook are not counted")


@command.command(
    "adjudicate",
    short_help="List disagreements, or decide one.",
    epilog=example(
        "evenhand feed code adjudicate\nevenhand feed code adjudicate 3f9c neutral --by carol"
    ),
)
@click.argument("item", required=False)
@click.argument("category", required=False)
@click.option("--by", metavar="NAME", help="Who decides: not a coder of the item.")
@click.option("--consensus", is_flag=True, help="The coders have decided together.")
@json_option
@study_option
def adjudicate(
    item: str | None,
    category: str | None,
    by: str | None,
    consensus: bool,
    as_json: bool,
    study_dir: Path,
) -> None:
    """List the items on which coders disagree, or give ITEM (how its key begins) a CATEGORY.

    `evenhand feed code page --adjudicate` does it item by item, with the text.
    """
    from analyzer.errors import UserError
    from analyzer.feed.codebook import study_codebook
    from analyzer.feed.coding.codes import decide, load_codes, write_codes
    from analyzer.feed.custody import log_codes

    root = open_study(study_dir).root
    codebook = study_codebook(root)
    codes = load_codes(root, codebook)
    if item is None:
        waiting = {each: dict(codes.of(each)) for each in codes.open()}
        if as_json:
            echo_json(waiting)
            return
        for key, given in waiting.items():
            click.echo(f"{key}  {', '.join(f'{who}: {what}' for who, what in given.items())}")
        click.echo(f"{len(waiting)} items wait for a decision", err=True)
        return
    if category is None or by is None:
        raise click.UsageError("to decide, name ITEM, CATEGORY and --by")
    found = [each for each in codes.disagreements() if each.startswith(item)]
    if len(found) != 1:
        what = "several items that coders disagree on begin" if found else "none of them begins"
        raise UserError(
            f"{what} with {item[:32]!r}", "run `evenhand feed code adjudicate` for a list"
        )
    before = decide(root, by, found[0], category, codebook, consensus=consensus)
    write_codes(root)
    log_codes(root, (by.strip(),))
    click.echo(f"{found[0]}: {category}")
    if before is not None:
        click.echo(f"  instead of {before.category}, as {before.by} had decided", err=True)


def _write_private(path: Path, content: bytes) -> None:
    import os

    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    part.replace(path)


def _print_agreement(found: Agreement, codebook: Codebook) -> None:
    from analyzer.feed.coding.agreement import RELIABLE, TENTATIVE

    share = "-" if found.share is None else f"{100 * found.share:.1f}%"
    click.echo(f"{found.items:,} items coded by {', '.join(found.coders) or 'nobody'}")
    click.echo(f"{found.both:,} of them by two or more; on {share} of these all agree")
    click.echo(f"Krippendorff's alpha, harmful or not   {_told(found.alpha_harmful)}")
    click.echo(f"Krippendorff's alpha, all categories   {_told(found.alpha)}")
    labels = {each.key: each.label["en"] for each in codebook.categories}
    wide = max(map(len, labels.values()))
    for each in found.categories:
        if each.given:
            label = labels[each.category]
            click.echo(f"  {label:{wide}} given {each.given:>7,} times   {_told(each.alpha)}")
    for pair in found.pairs:
        click.echo(
            f"Cohen's kappa, {pair.a} and {pair.b}: {_told(pair.kappa)}, {pair.items:,} items"
        )
    low = found.alpha_harmful.low
    if found.alpha_harmful.value is not None and (low is None or low < RELIABLE):
        some = low is not None and low >= TENTATIVE
        limit = "tentative conclusions only" if some else "no conclusions"
        click.echo(
            f"It may be below {RELIABLE:.3f}: {limit} (Krippendorff's rule). Code more items twice,"
            " or talk the codebook over."
        )
    if any(not pair.items for pair in found.pairs):
        click.echo("Some coders have no item in common: how well they agree is not known")


def _told(coefficient: Coefficient) -> str:
    if coefficient.value is None:
        return "not defined: one category only, or nothing coded twice"
    if coefficient.low is None or coefficient.high is None:
        return f"{coefficient.value:.3f}"
    return f"{coefficient.value:.3f} ({coefficient.low:.3f} to {coefficient.high:.3f})"
