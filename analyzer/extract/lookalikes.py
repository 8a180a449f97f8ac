"""What stands under a name that means the phone or the person, and is of a program.

``zip: "archive.zip"``, ``state: "paused"``, ``model: "resnet50"``, ``query: "SELECT 1"``.
"""

from __future__ import annotations

import re
from typing import Final

# Digits as in most countries; letters among them in Britain, Canada, the Netherlands and others.
_POSTCODE = re.compile(
    r"[0-9]{3,10}|[0-9]{5}-[0-9]{3,4}|[A-Z]{1,2}-?[0-9]{3,6}|[0-9]{4} ?[A-Z]{2}"
    r"|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"
    r"|[0-9]{2,4}[ -][0-9]{2,4}",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"\S+\.[A-Za-z][A-Za-z0-9]{1,4}")
_LEARNT_MODEL = re.compile(
    r"(?:[\w.-]{1,64}/)?(?:resnet|resnext|efficientnet|mobilenet|vgg|yolo|inception|bert|distilbert"
    r"|roberta|gpt|llama|mistral|mixtral|claude|gemini|gemma|qwen|deepseek|whisper|dall-?e|sdxl"
    r"|stable-diffusion|word2vec|xgboost|lightgbm|text-embedding|text-davinci|unet|o[134]-)[\w.:-]*",
    re.IGNORECASE,
)
_QUERY_LANGUAGE = re.compile(
    r"\s*(?:select\s+(?:[0-9*]|distinct\b|.{0,400}\bfrom\s)|insert\s+into\s|delete\s+from\s"
    r"|update\s+\S+\s+set\s|(?:create|drop|alter)\s+table\s|with\s+\w+\s+as\s*\("
    r'|(?:query|mutation|subscription|fragment)\b[^{]{0,400}\{|\{\s*[\w"])',
    re.IGNORECASE | re.DOTALL,
)
# What programs say of themselves under `state`.
_STATES: Final = frozenset((
    "active", "inactive", "enabled", "disabled", "paused", "playing", "stopped", "running",
    "started", "starting", "stopping", "idle", "ready", "loading", "loaded", "pending",
    "queued", "done", "success", "succeeded", "failure", "failed", "error", "open", "opened",
    "closed", "complete", "completed", "finished", "cancelled", "canceled", "connected",
    "disconnected", "connecting", "online", "offline", "foreground", "background", "visible",
    "hidden", "focused", "blurred", "resumed", "resume", "pause", "start", "stop", "play",
    "end", "ended", "init", "initial", "initialized", "installed", "uninstalled", "new",
    "old", "unknown", "default", "none", "null", "undefined", "locked", "unlocked",
    "expanded", "collapsed", "checked", "unchecked", "selected", "granted", "denied",
    "authorized", "valid", "invalid", "charging", "discharging", "full", "ok", "approved",
    "rejected", "draft", "published", "archived", "waiting", "timed_waiting", "runnable",
    "blocked", "suspended", "terminated", "processing", "buffering", "muted", "unmuted",
))  # fmt: skip


def is_state(value: str) -> bool:
    """Tell whether `value` is what programs call a state they are in.

    >>> is_state("paused"), is_state("Nairobi")
    (True, False)
    """
    return value.lower() in _STATES


def is_postcode(value: str) -> bool:
    """Tell whether `value` is written as postcodes are.

    >>> [is_postcode(each) for each in ("00100", "SW1A 1AA", "1012 AB", "archive.zip")]
    [True, True, True, False]
    """
    return _POSTCODE.fullmatch(value) is not None


def is_file_or_word(value: str) -> bool:
    """Tell whether `value` is the name of a file, or one small word (as "gzip" is)."""
    word = value.isascii() and value.isalpha() and value.islower()
    return word or _FILE_NAME.fullmatch(value) is not None


def is_learnt_model(value: str) -> bool:
    """Tell whether `value` names a model of machine learning.

    >>> is_learnt_model("resnet50"), is_learnt_model("SM-A146P")
    (True, False)
    """
    return _LEARNT_MODEL.fullmatch(value) is not None


def is_query_language(value: str) -> bool:
    """Tell whether `value` is SQL or GraphQL.

    >>> is_query_language("SELECT 1"), is_query_language("select shoes")
    (True, False)
    """
    return _QUERY_LANGUAGE.match(value) is not None
