"""The two ways in which something that is not our bug goes wrong.

A mistake of the user becomes one line with its remedy and exit code 1 (`diff`: 2). A fault of the
evidence is not an error at all: it is a `models.Problem`, counted and carried along.
"""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right.

    `message` says what is wrong, `fix` what to do about it; both are single lines without a final
    full stop. The command line prints ``evenhand: message: fix`` and exits with 1.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        """The one line that the user sees."""
        return f"{self.message}: {self.fix}" if self.fix else self.message
