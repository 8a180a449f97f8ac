"""Content into leaves: which decoder is tried on what, how deep, and what becomes of the rest.

A `Walker` belongs to one exchange. It asks the decoders (`analyzer.decoders`) in the order of the
plan for a first byte and a media type, walks the trees that they give, and looks again into each
string. Most strings hold nothing. That is decided by one search for the characters without which
no decoder has anything to do, and is remembered for short ones, which repeat from request to
request.
"""

from __future__ import annotations

from typing import Final

from analyzer.decoders import (
    MISS,
    Budget,
    Checked,
    Fault,
    Hint,
    Layer,
    Limits,
    Noted,
    opaque,
)
from analyzer.decoders.media import is_media, is_media_type
from analyzer.decoders.noise import is_handed_out
from analyzer.decoders.outlines import LONGEST_PLAIN, Columns
from analyzer.decoders.plan import bodies, hint_of, inert, is_bare, readers, uncoded
from analyzer.decoders.text import has_structure, is_text, to_text, utf8
from analyzer.flatten import MOST_PLAIN, Flattener, plain
from analyzer.leaves import Steps
from analyzer.models import Part, Problem

NOTHING_KNOWN: Final = Hint()
_WHITE: Final = b" \t\r\n"
_TEXTUAL: Final = ("json", "ndjson", "form", "xml", "sse")
_MOST_PAYLOADS: Final = 256
_MOST_PIECES: Final = 1024
_LEAST_TEXT: Final = 12  # bytes of text that a guess must give to be believed


class Walker(Flattener):
    """Collects the leaves, problems and payloads of one exchange."""

    def __init__(
        self, exchange: str, limits: Limits, *, cut: bool = False, partial: bool = False
    ) -> None:
        super().__init__(exchange, limits)
        self.budget = Budget(limits)
        self.payloads: list[bytes] = []
        self._cut = cut
        self._partial = partial  # the answer is a range, from wherever it was asked for
        self._faults: dict[tuple[str, str], None] = {}
        self._payload_room = 2 * limits.max_body
        self._exact = False
        self._trouble = 0  # how often `fault` was called
        self._pieces: list[str] = []  # values of the request body that may be those of a cipher

    def problems(self) -> tuple[Problem, ...]:
        """Return what could not be read, each thing once."""
        if self._pieces and (detail := opaque.unread_pieces(self._pieces)):
            self.fault("opaque_value", detail, "body")
        if not self._faults:
            return ()
        return tuple(Problem(self.exchange, "decode", *fault) for fault in self._faults)

    @property
    def trouble(self) -> int:
        """How often `fault` was called."""
        return self._trouble

    def fault(self, code: str, detail: str, where: str = "") -> None:
        """Note a problem of the current part. `detail` must hold nothing of the content."""
        self._trouble += 1
        self._faults[code, f"{where or self.part}: {detail}"] = None

    def body(self, part: Part, content: bytes, content_type: str, encoding: str) -> None:
        """Decode a whole body, `encoding` being the Content-Encoding header."""
        if not content:
            return
        self.part = part
        self.budget.answer = part == "response"
        if len(content) > self.limits.max_body:
            self.fault("too_large", f"a body of more than {self.limits.max_body} bytes")
            self._payload(content[: self.limits.max_body])
            return
        hint = hint_of(content_type)
        if not encoding:
            self._bytes(content, "", (), hint, top=True)
            return
        steps: Steps = ()
        missing = ""  # archives store the decoded body and keep the header
        for name, found in uncoded(content, encoding, self.budget):
            if isinstance(found, Fault):
                self.fault(found.code, found.detail)
                return
            if isinstance(found, str):
                missing = found
            elif not self._spend(found):
                return
            elif isinstance(found.content, bytes):
                content, steps = found.content, (*steps, name)
        if not content:
            return
        if not self._bytes(content, "", steps, hint, top=True) and missing:
            self.fault("bad_encoding", missing)

    def enter(
        self,
        tree: object,
        path: str,
        steps: Steps,
        *,
        fresh: bool = False,
        outer: Hint = NOTHING_KNOWN,
    ) -> bool:
        """Make leaves of what a decoder gave; False if a guess turned out to be wrong.

        `outer` is what was known of the content before: it also holds for it unpacked.
        """
        if self.budget.late():
            self.fault("too_slow", "decoding was ended by its time limit")
            return False
        if type(tree) is Columns:
            if self._exact or not self.columns(tree, path, steps):
                return self.enter(tree.tree(), path, steps)
            return True
        if isinstance(tree, Layer):
            if not self._spend(tree):
                return True
            if isinstance(tree.content, str):
                return self.string(tree.content, path, steps, doubtful=tree.doubtful)
            if tree.media or tree.doubtful:
                outer = hint_of(tree.media, tree.doubtful or outer.doubtful)
            return self._bytes(tree.content, path, steps, outer, fresh=fresh)
        if isinstance(tree, Fault):  # of a string
            self.fault(tree.code, tree.detail)
            return True
        if isinstance(tree, Noted):
            if tree.code != "opaque_value" or not is_handed_out(self.part, path):
                self.fault(tree.code, tree.detail)
            if tree.tree is MISS:
                return True
            tree = tree.tree
        names, inexact = self._names, self._inexact
        self._names, self._inexact = 0, False
        if isinstance(tree, Checked):
            self._checked(tree, path, steps)
        else:
            self.tree(tree, path, steps, 1)
        self._names, self._inexact = names, inexact
        return True

    def _checked(self, read: Checked, path: str, steps: Steps) -> None:
        start = len(self.leaves)
        if not (self._exact or read.names < 0):
            self.tree(read.tree, path, steps, 1)
            if self._names == read.names and not self._inexact:
                return
            if len(self.leaves) > self.limits.max_leaves:
                return
        tree = read.exact()
        if tree is MISS:
            tree = read.tree
        self.leaves.cut(start)
        # What is inside is read exactly at once: else each level would double the work.
        before, self._exact = self._exact, True
        self.tree(tree, path, steps, 1)
        self._exact = before

    def content(self, found: bytes | Layer | Checked | Noted, path: str, steps: Steps) -> None:
        """Make leaves of what has to be decoded further."""
        if isinstance(found, bytes):
            self._bytes(found, path, steps, NOTHING_KNOWN)
        else:
            self.enter(found, path, steps)

    def string(self, text: str, path: str, steps: Steps, *, doubtful: bool = False) -> bool:
        """Make a leaf of `text`, and leaves of what is inside it; False for a guess gone wrong."""
        start = len(self.leaves)
        self.leaf(path, text, steps)
        if text in plain or inert(text):
            inside = False
        elif len(steps) >= self.limits.max_depth:
            self.fault("too_deep", f"more than {self.limits.max_depth} encodings in each other")
            inside = False
        else:
            inside = self._inside(text, path, steps)
        if not inside and len(text) >= opaque.SHORTEST_PIECE:
            if len(text) >= opaque.SHORTEST:
                inside = self._sealed(text, path)
            elif self.part == "body" and len(self._pieces) < _MOST_PIECES:
                self._pieces.append(text)
        if doubtful and not inside and not has_structure(text):
            self.leaves.cut(start)
            return False
        return True

    def _inside(self, text: str, path: str, steps: Steps) -> bool:
        trouble = self._trouble
        for name, read, least in readers(text):
            if len(text) < least:
                continue
            tree = read(text)
            if tree is MISS:
                continue
            if self.enter(tree, path, (*steps, name), fresh=True):
                return True
        if trouble == self._trouble and len(text) < LONGEST_PLAIN:
            if len(plain) >= MOST_PLAIN:
                plain.clear()
            plain.add(text)
        return False

    def _sealed(self, text: str, path: str) -> bool:
        """Note a value that hides something."""
        detail = opaque.unread_text(self.part, path, text)
        if detail:
            self.fault("opaque_value", detail)
        return bool(detail)

    def _bytes(
        self,
        content: bytes,
        path: str,
        steps: Steps,
        hint: Hint,
        *,
        top: bool = False,
        fresh: bool = False,
    ) -> bool:
        """Make leaves of bytes; False if nothing could read them."""
        if not content:
            if not hint.doubtful and not top:
                self.leaf(path, "", steps)
            return not hint.doubtful
        if len(content) > self.limits.max_body:
            self.fault("too_large", f"a layer of more than {self.limits.max_body} bytes")
            return True
        silent = top and is_media_type(hint.media)
        if len(steps) >= self.limits.max_depth:
            self.fault("too_deep", f"more than {self.limits.max_depth} encodings in each other")
        else:
            first = content[0]
            if first in _WHITE:
                first = (content[:64].lstrip() or _WHITE)[0]
            bare = not (top or hint.media or hint.charset or hint.doubtful) and is_bare(content)
            for name, read in bodies(first, hint.announced, silent, hint.doubtful):
                if bare and name != "raw_deflate":
                    continue
                tree = read(content, hint, self.budget)
                if tree is MISS:
                    continue
                if isinstance(tree, Fault):
                    self.fault(tree.code, tree.detail)
                    if top or fresh:
                        self._payload(content)
                    return True
                if self.enter(tree, path, (*steps, name), fresh=True, outer=hint):
                    if (top or fresh) and not isinstance(tree, Layer):
                        self._payload(content)
                    return True
        read_so = self._undecoded(content, path, steps, hint, top=top, silent=silent)
        if (top or fresh) and (read_so or not hint.doubtful):
            self._payload(content)
        return read_so

    def _undecoded(
        self, content: bytes, path: str, steps: Steps, hint: Hint, *, top: bool, silent: bool
    ) -> bool:
        """Bytes that no decoder took: text, media, or unreadable."""
        if silent:
            piece = self._partial and self.part == "response"
            if not piece and (detail := opaque.false_media(hint.media, content)):
                self.fault("opaque_value", detail)
            return True
        if hint.doubtful:
            text = utf8(content) if len(content) >= _LEAST_TEXT else None
            if text is None or not is_text(text) or len(text) * 10 < len(content) * 9:
                return False
            return self.string(text, path, steps, doubtful=True)
        textual = hint.media.startswith("text/") or hint.announced in _TEXTUAL
        text = to_text(content, hint.charset, announced=textual)
        if text is not None and is_text(text):
            if top and self.part == "response" and text.lstrip()[:1] == "<":
                return True  # a page
            if top and hint.announced == "json":
                self.fault(
                    "truncated" if self._cut else "bad_json", "announced as JSON, but is not"
                )
            return self.string(text, path, steps)
        if is_media(content):
            return True
        if top:
            self.fault("opaque_body", opaque.unread_body(content, hint.announced, self.budget.url))
            return False
        file = steps[-1:] == ("multipart",)
        if (
            detail := opaque.unread_file(hint.media, content)
            if file
            else opaque.unread_bytes(content)
        ):
            self.fault("opaque_value", detail)
        self.leaf(path, content[: self.limits.max_value].hex(), steps)
        return True

    def _spend(self, layer: Layer) -> bool:
        """Take a layer from the budget; False if there is not enough left."""
        self.budget.room -= len(layer.content)
        if self.budget.room < 0:
            self.fault("bomb", "the layers expand beyond their bound")
            return False
        if layer.fault:
            self.fault(
                "truncated" if self._cut else layer.fault,
                "compressed data is cut, corrupt or not all of it",
            )
        return True

    def _payload(self, content: bytes) -> None:
        """Keep a decoded layer of the request body for the search for planted values."""
        if self.part != "body" or len(content) > self._payload_room:
            return
        if len(self.payloads) < _MOST_PAYLOADS and content not in self.payloads:
            self._payload_room -= len(content)
            self.payloads.append(content)
