"""Letters: only what concerns the company, in its language, with nothing in them that acts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import reporting
import synthetic
from cli_rig import analysed, done, mistake, recorded_study
from recording import STUDY
from reporting import MARKUP, Page, poisoned
from test_reports_joined import LINKAGE

from analyzer.errors import UserError
from reports import words
from reports.language import LANGUAGES, Language
from reports.letters import BLANK, Letter, annex, reply
from reports.material import Material

MATERIAL = Material(reporting.sent_only_in_kenya(), synthetic.knowledge())
SENDER = {"name": "Watch", "contact": "A. Writer", "email": "a@watch.example"}


def to(company: str, material: Material = MATERIAL, **more: str) -> Letter:
    return reply(material, company, Language(), SENDER, **more)


def test_a_company_reads_of_its_own_findings_only() -> None:
    mine = {row.id for row in MATERIAL.comparison.deltas if row.owner == "Bidriver"}
    examples = {
        each.id: {row.owner for row in MATERIAL.comparison.deltas if each.id in row.examples}
        for each in MATERIAL.comparison.evidence
    }
    text = to("Bidriver").markdown
    assert mine
    for example, owners in examples.items():
        assert (example in text) == (owners == {"Bidriver"})
    assert "Waymark" not in text
    assert "Lockstep" not in text
    assert "Waymark" in to("waymark").markdown


def test_a_letter_says_what_how_sure_what_was_not_seen_and_asks() -> None:
    text = to("Waymark", date="2026-12-01", by="2026-12-24").markdown
    for heading in ("What we found", "How sure this is", "What could not be seen", "Evidence"):
        assert f"## {heading}\n" in text
    assert "Please answer by 24 December 2026." in text
    assert "Date: 1 December 2026" in text
    [row] = [each for each in MATERIAL.comparison.deltas if each.subject == "id.advertising"]
    assert f"| {row.phase} | 0/6 | 6/6 |" in text
    assert text.count("?") >= 5
    assert all(each.capture in text for each in MATERIAL.comparison.sessions)
    assert "A. Writer" in text
    assert BLANK not in text


def test_a_letter_says_how_its_reader_can_check_it() -> None:
    for letter in (to("Waymark"), annex(MATERIAL, Language(), SENDER, authority="ODPC")):
        text = letter.markdown
        assert "evenhand verify" in text
        assert f"Knowledge (SHA-256): {MATERIAL.comparison.knowledge}" in text
        assert all(f"{name} {version}" in text for name, version in MATERIAL.comparison.versions)
        assert "this page" not in text.lower()
        assert "app.waymark.example" in text
        assert "all rows of the comparison" in text


def test_a_letter_says_which_differences_concern_more_than_children() -> None:
    material = Material(reporting.with_adults(), synthetic.knowledge())
    text = to("Waymark", material).markdown
    assert "| Verdict | Beyond adults | Evidence |" in text
    assert "| only for Global_Majority | yes |" in text
    assert "Beyond adults" not in to("Waymark").markdown


def test_what_was_measured_of_a_company_is_in_its_letter() -> None:
    text = to("Waymark").markdown
    assert "### Time until the first data" in text
    assert text.count("| Waymark | 30.0 s (n = 6) | 30.0 s (n = 6) |") == 1


def test_a_letter_about_an_app_that_does_not_exist_says_so() -> None:
    material = Material(replace(MATERIAL.comparison, fictional=True), synthetic.knowledge())
    for letter in (to("Waymark", material), annex(material, Language())):
        assert words.FICTIONAL in letter.markdown
    assert words.FICTIONAL not in to("Waymark").markdown


def test_an_annex_bears_its_date_and_who_sends_it() -> None:
    text = annex(MATERIAL, Language(), SENDER, authority="ODPC", date="2026-12-01").markdown
    assert "Date: 1 December 2026" in text
    assert r"a\@watch.example" in text
    assert BLANK not in text


def test_what_nobody_filled_in_is_a_visible_blank() -> None:
    text = reply(MATERIAL, "Waymark", Language()).markdown
    assert f"Date: {BLANK}" in text
    assert f"answer by {BLANK}" in text
    assert text.startswith(BLANK)
    assert f"To: {BLANK}" in annex(MATERIAL, Language(), authority="").markdown


def test_companies_are_found_by_owner_beginning_and_the_company_above() -> None:
    comparison = MATERIAL.comparison
    assert "Waymark" in to("way").markdown
    glint = replace(comparison.recipients[0], owner="Glint")
    rows = tuple(replace(row, owner="Glint") for row in comparison.deltas)
    named = replace(comparison, recipients=(glint,), deltas=rows)
    material = Material(named, synthetic.knowledge(), LINKAGE)
    assert "To: Glimmer Holding" in to("glimmer holding", material).markdown


@pytest.mark.parametrize(
    ("asked", "near"), [("Waymrak", "use Waymark"), ("", "use "), ("nobody at all", "Bidriver")]
)
def test_who_received_nothing_gets_no_letter(asked: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        to(asked)
    assert near in str(caught.value)


def test_an_annex_has_all_rows_the_law_with_sources_and_the_hashes() -> None:
    text = annex(MATERIAL, Language(), SENDER, authority="ODPC").markdown
    assert "To: ODPC" in text
    assert "It draws no legal conclusion." in text
    assert all(each.id in text for each in MATERIAL.comparison.evidence)
    assert all(row.capture in text for row in MATERIAL.comparison.sessions)
    assert "law.example" in text
    assert "rumour" not in text  # what nobody has verified is no law to cite


def test_the_annex_of_a_report_is_addressed_to_nobody() -> None:
    text = annex(MATERIAL, Language()).markdown
    assert text.startswith("# Does Pebblo treat children the same")
    assert BLANK not in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_language_is_that_of_the_letter(code: str) -> None:
    letter = reply(MATERIAL, "Waymark", Language(code), SENDER, by="2026-12-24")
    page = Page(letter.html)
    [root] = page.named("html")
    assert root == {"lang": code, "dir": "rtl" if code == "ar" else "ltr"}
    assert len(page.named("table")) == 4
    assert page.named("h1")
    assert "{" not in letter.markdown
    assert "%(" not in letter.markdown


def test_what_was_captured_is_text_in_both_forms() -> None:
    comparison = replace(
        MATERIAL.comparison,
        app=f"{MARKUP} [x](http://evil.example) `a` | b",
        evidence=tuple(
            replace(poisoned(each), id=each.id, session=each.session)
            for each in MATERIAL.comparison.evidence
        ),
    )
    material = Material(comparison, MATERIAL.knowledge)
    for letter in (to("Waymark", material), annex(material, Language(), authority=MARKUP)):
        page = Page(letter.html)
        names = {name for name, _ in page.tags}
        assert not names & {"script", "img", "a", "code"}
        assert not page.attributes("onerror")
        assert "<script>alert(1)</script>" in page.text
        assert "[x](http://evil.example)" in page.text
        assert "\u202e" not in letter.html
        assert "\x1b" not in letter.html
    rows = [line for line in to("Waymark", material).markdown.splitlines() if line[:3] == "| f"]
    assert rows
    assert {line.replace("\\|", "").count("|") for line in rows} == {10}


def test_letters_are_written_by_command(tmp_path: Path) -> None:
    study = recorded_study(tmp_path / "study", silent=["DE-13"])
    file = study.root / "study.toml"
    file.write_text(f'{STUDY}\n[publisher]\nname = "Child Watch"\n', encoding="utf-8")
    root = analysed(study)
    told = done("letter", "reply", "KE", "DE", "--to", "Waymark", "--lang", "sw", root=root)
    path = root / "out" / "KE-DE.reply-waymark.sw.md"
    assert told.splitlines()[0] == f"Wrote {path}"
    assert path.read_text(encoding="utf-8").startswith("Child Watch\n")
    assert "intact" in done("verify", path, root=root)
    out = tmp_path / "out"
    done("letter", "complaint", "KE", "DE", "--authority", "ODPC", "-o", out, root=root)
    assert sorted(each.name for each in out.iterdir()) == [
        "KE-DE.complaint.html", "KE-DE.complaint.md",
    ]  # fmt: skip
    done("report", "KE", "DE", "--format", "markdown", "--lang", "en,fr", "-o", out, root=root)
    assert (out / "KE-DE.fr.md").read_text(encoding="utf-8").startswith("# ")
    line = mistake("letter", "reply", "KE", "DE", "--to", "x", "--by", "soon", root=root)
    assert line.startswith("Invalid value for '--by': 'soon' is no day, as in 2026-12-24")
    file.write_text(f'{STUDY}\n[publisher]\nfax = "1"\n', encoding="utf-8")
    line = mistake("letter", "complaint", root=root)
    assert "publisher.fax is not an entry" in line
