"""`evenhand feed`: the group is in `analyzer.cli.feed`."""

from __future__ import annotations

from analyzer.cli.feed.group import command

__all__ = ["command"]
