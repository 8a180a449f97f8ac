"""Prints how often triage is right: ``python -m benchmarks.triage``."""

from __future__ import annotations

from benchmarks.triage.measuring import read_texts, table


def main() -> None:
    """Print precision and recall of each set, and of the unseen one with languages untold."""
    texts = read_texts()
    for name, told in (("first", True), ("second", True), ("unseen", True), ("unseen", False)):
        count = sum(each.set == name for each in texts)
        print(f"Set {name!r}: {count} texts, language {'told' if told else 'not told'}")
        print(f"  {'':34}{'precision':26}recall")
        for each in table(name, told=told):
            print(f"  {each.name:34}{each.precision!s:26}{each.recall}")
        print()


if __name__ == "__main__":
    main()
