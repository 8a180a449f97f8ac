"""What could not be read, in words: one sentence for each code of a `Problem`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.said import Said, say

PROBLEMS: Final[Mapping[str, Said]] = {
    # While a recording, or a file of another program, was read.
    "app_bytes_unseen": say("bytes of the app that the phone counted and nobody recorded"),
    "bad_entry": say("an entry of the file that is none"),
    "bad_flow": say("a flow of the file that is damaged"),
    "bad_message": say("a WebSocket message that is damaged"),
    "bad_packet": say("packets that are damaged"),
    "bad_time": say("an entry without a time"),
    "body_left_out": say("a body that the file does not hold"),
    "copy": say("a recording that is the same as another one"),
    "damaged": say("a file that is damaged: only its beginning was read"),
    "from_cache": say("an answer from a cache: perhaps nothing was sent"),
    "no_handshake": say("a WebSocket of which the beginning is missing"),
    "no_packets": say("packets in which nothing of the phone is"),
    "not_decrypted": say("connections whose keys are missing"),
    "not_network": say("an address that is not on the network"),
    "odd_line": say("lines of an unknown form"),
    "omitted": say("counts that the phone had left out already"),
    "outside": say("packets or lines of another time"),
    "overlap": say("a recording that overlaps with another one"),
    "several_devices": say("packets of more than one device"),
    "too_many": say("more lines than are kept"),
    "too_many_hosts": say("more hosts than are told apart"),
    "too_many_servers": say("more servers than are kept"),
    "unfinished_greeting": say("connections that broke off while they began"),
    "unknown_flow": say("a kind of traffic that is not known"),
    "unknown_link": say("packets of a network that is not known"),
    # While the content of requests and answers was decoded.
    "bad_encoding": say("a compression that could not be undone"),
    "bad_json": say("announced as JSON, but it is none"),
    "bomb": say("data that expands beyond its bound when it is unpacked"),
    "opaque_body": say("a body that could not be decoded: encrypted, or of an unknown format"),
    "opaque_value": say("a value that could not be decoded: encrypted, or of an unknown format"),
    "too_deep": say("more encodings within each other than are followed"),
    "too_large": say("a body that is too large to be read"),
    "too_many_leaves": say("more values than are read of one message"),
    "too_slow": say("a body that took too long to decode"),
    "truncated": say("a body of which a part is missing"),
    # While personal data and signals were looked for.
    "bad_consent_string": say("a consent string that is damaged"),
    "planted_too_short": say("a seeded value that is too short to be searched for"),
    "too_many_finds": say("more finds of seeded values than are kept"),
    "too_many_identifiers": say("more identifiers than are kept"),
    # While the items of a feed were read.
    "feed_bare": say("items without text and author: nobody can code them"),
    "feed_bound": say("answers of a feed with more entries than are read"),
    "feed_empty": say("answers of a feed without a body or without any item"),
    "feed_entry": say("entries of a feed that are no items: its format may have changed"),
    "feed_format": say("answers of a feed without known items: its format may have changed"),
    "feed_idle": say(
        "sessions with a long time without any sign of their feed: that time does not count"
    ),
    "feed_log_silent": say(
        "items served while the log of what was shown is silent: nobody knows whether they were"
    ),
    "feed_lacking": say("items without a field that all should have: it may have a new name"),
    "feed_log_impossible": say("lines of the app's own log with times that cannot be"),
    "feed_log_thin": say(
        "sessions in which the app's own log names few of the items that the driver saw: what the"
        " driver noted counts"
    ),
    "feed_log_unread": say("lines of the app's own log that could not be decoded"),
    "feed_refused": say("requests for a feed that were refused or not answered"),
    "feed_surface_open": say(
        "items that more than one part of the app had: nobody knows in which they were on the"
        " screen"
    ),
    "feed_unread": say("answers of a feed that could not be decoded"),
}


def problem(code: str) -> Said | str:
    """Return what `code` says, in words; one that is not known here with spaces in it."""
    return PROBLEMS.get(code) or code.replace("_", " ")
