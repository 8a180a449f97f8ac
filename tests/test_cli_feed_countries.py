"""Countries that a user names."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_rig import mistake
from coding_rig import feed_study, given_out

from analyzer.cli.feed.countries import country_codes
from analyzer.errors import UserError


def test_codes_are_taken_in_any_case_and_once_each() -> None:
    assert country_codes(["ke", "US", " Ke "]) == ("KE", "US")
    assert country_codes([]) == ()


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("Kenya", "did you mean KE?"), ("keniya", "did you mean KE?"), ("UK", "did you mean GB?"),
        ("usa", "did you mean US?"), ("XX", "use its ISO code"), ("", "use its ISO code"),
        ("EU", "use its ISO code"), ("x" * 10_000, "use its ISO code"),
    ],
)  # fmt: skip
def test_what_is_no_country_is_refused(text: str, fix: str) -> None:
    with pytest.raises(UserError, match="is no country's code") as caught:
        country_codes(["KE", text])
    assert caught.value.fix.startswith(fix)
    assert len(str(caught.value)) < 200


def test_the_coding_page_refuses_an_unknown_country_in_one_line(tmp_path: Path) -> None:
    root = feed_study(tmp_path / "study")
    given_out(root, "anna", "ben")
    words = ("feed", "code", "page", "--coder", "anna", "--country", "Kenia")
    assert "'Kenia' is no country's code: did you mean KE?" in mistake(*words, root=root)
