"""The body of an answer or a request as a tree, read by the decoders of `analyzer.decoders`.

`analyzer.decode` makes leaves for the search of personal data and ends after 20,000; the answer of
a feed has more, and an item is what stands together. So the same decoders are asked in the same
order, and the tree is kept as it is. Nothing here raises, whatever the body holds.
"""

from __future__ import annotations

from typing import Final

from analyzer.decoders import MISS, Budget, Checked, Fault, Hint, Layer, Limits, Noted
from analyzer.decoders.outlines import Columns
from analyzer.decoders.plan import bodies, hint_of, uncoded

LIMITS: Final = Limits(max_seconds=10.0)
_WHITE: Final = b" \t\r\n"


def body_tree(
    content: bytes, content_type: str, encoding: str, url: str, *, answer: bool
) -> tuple[object, Budget]:
    """Return the tree of a body, `MISS` or a `Fault` where there is none, and the budget it had."""
    budget = Budget(LIMITS)
    budget.url = url
    budget.answer = answer
    budget.whole = True
    if len(content) > LIMITS.max_body:
        return Fault("too_large", f"a body of more than {LIMITS.max_body} bytes"), budget
    for _, found in uncoded(content, encoding, budget) if encoding else ():
        if isinstance(found, Fault):
            return found, budget
        if isinstance(found, Layer) and isinstance(found.content, bytes):
            if spent := _spend(found, budget):
                return spent, budget
            content = found.content
    return read_tree(content, content_type, budget), budget


def unpacked(content: bytes, encoding: str) -> bytes:
    """Return `content` without its content codings, as far as they can be undone."""
    budget = Budget(LIMITS)
    if len(content) > LIMITS.max_body:
        return b""
    for _, found in uncoded(content, encoding, budget) if encoding else ():
        if isinstance(found, Layer) and isinstance(found.content, bytes):
            content = found.content
    return content


def read_tree(content: bytes | str, content_type: str, budget: Budget) -> object:
    """Return what the decoders make of `content`; layers inside each other are followed."""
    hint = hint_of(content_type)
    for _ in range(budget.limits.max_depth):
        if isinstance(content, str):
            content = content.encode("utf-8", "replace")
        if budget.late():
            return Fault("too_slow", "decoding was ended by its time limit")
        tree = _decoded(content, hint, budget)
        if not isinstance(tree, Layer):
            return tree
        if spent := _spend(tree, budget):
            return spent
        content, hint = tree.content, hint_of(tree.media) if tree.media else hint
    return Fault("too_deep", f"more than {budget.limits.max_depth} encodings in each other")


def _decoded(content: bytes, hint: Hint, budget: Budget) -> object:
    if not content:
        return MISS
    first = (content[:64].lstrip(_WHITE) or content)[0]
    for _, read in bodies(first, hint.announced, False, False):
        tree = read(content, hint, budget)
        if tree is MISS:
            continue
        while isinstance(tree, Checked | Noted | Columns):
            tree = tree.tree() if isinstance(tree, Columns) else tree.tree
        return tree
    return MISS


def _spend(layer: Layer, budget: Budget) -> Fault | None:
    budget.room -= len(layer.content)
    if budget.room < 0:
        return Fault("bomb", "the layers expand beyond their bound")
    if layer.fault:
        return Fault("truncated", "compressed data is cut, corrupt or not all of it")
    return None
