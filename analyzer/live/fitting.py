"""Which lines of a panel are shown where there is room for only so many: what matters most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a panel. `draw(n)` returns it in exactly `n` lines, 1 to `most` of them.

    With `headed` its first line is a heading, which is not drawn alone.
    """

    draw: Callable[[int], RenderableType]
    most: int
    headed: bool = False


def fit(
    blocks: Mapping[str, Block], wishes: Sequence[tuple[str, int]], room: int | None
) -> list[RenderableType]:
    """Return the blocks in their order, within `room` lines; all that is wished for if None.

    Each wish says up to how many lines a block shall have, the most important wish first.
    """
    given = dict.fromkeys(blocks, 0)
    left = room
    for name, upto in wishes:
        block = blocks[name]
        more = min(upto, block.most) - given[name]
        if left is not None:
            more = min(more, left)
        if more <= 0 or (block.headed and given[name] + more < 2):
            continue
        given[name] += more
        left = None if left is None else left - more
    return [block.draw(given[name]) for name, block in blocks.items() if given[name]]
