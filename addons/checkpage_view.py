"""Renders the check page: one document with its style and script inside, and nothing from outside.

Everything that goes in is escaped by the templates, whoever said it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from addons.checkpage_device import Device
from addons.checkpage_logic import Check, is_settled
from addons.checkpage_visits import Visit
from addons.checkpage_words import LANGUAGES, Words, words
from analyzer.trust import CHECK_HOST

HTML = "text/html; charset=utf-8"
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # a GIF
# The guides by the first version they are for, newest first (as in analyzer/data/authority.yaml).
ANDROID_GUIDES = ((14, "android_14", "Android 14 +"), (11, "android_11", "Android 11, 12, 13"),
                  (7, "android_7", "Android 7, 8, 9, 10"))  # fmt: skip
_GROUPS = ("bad", "ok", "unknown", "off")
_REFRESH_S = 4  # for browsers without scripts


@dataclass(frozen=True, slots=True)
class _Guide:
    """Steps to install the certificate; `opened` if they are for this phone."""

    title: str
    steps: Sequence[str]
    opened: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """A check, in words."""

    name: str
    state: str
    title: str
    said: str
    action: str
    guides: Sequence[_Guide]
    download: str  # where the certificate is, "" where it is not needed


class View:
    """The templates. `policy` is the Content-Security-Policy of what they make."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._templates = Environment(
            loader=PackageLoader("addons"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._style = self._source("checkpage.css")
        self._script = self._source("checkpage.js")
        self.policy = "; ".join((
            "default-src 'none'",
            f"style-src '{_digest(self._style)}'",
            f"script-src '{_digest(self._script)}'",
            f"img-src http://*.{CHECK_HOST} https://*.{CHECK_HOST}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ))  # fmt: skip

    def render(
        self,
        visit: Visit,
        checks: Sequence[Check],
        language: str,
        *,
        lang: str,
        secure: bool,
        whole: bool,
    ) -> str:
        """Return the page (`whole`) or what its script puts into it, in `language`.

        `lang` is the language that was asked for, "" for none. `secure`: it is fetched over HTTPS.
        """
        said = words(language)
        settled = is_settled(tuple(checks))
        lang = language if lang else ""
        address = f"v={visit.token}" + (f"&lang={lang}" if lang else "")
        lines = [self._line(check, visit.device, said) for check in checks]
        template = self._templates.get_template("checkpage.html" if whole else "checks.html")
        return template.render(
            say=lambda key, **facts: said.say("page", key, **facts),
            language=language,
            lang=lang,
            languages=[(each, words(each).name) for each in LANGUAGES if each != language],
            visit=visit.token,
            host=CHECK_HOST,
            groups=[(state, [line for line in lines if line.state == state]) for state in _GROUPS],
            todo=sum(check.state == "bad" for check in checks),
            settled=settled,
            again="/" + (f"?lang={lang}" if lang else ""),
            # Without scripts the page asks again by itself until all is decided.
            refresh=f"{_REFRESH_S};url=/?{address}" if not settled else "",
            onward=f"https://{CHECK_HOST}/?{address}" if _wants_https(visit, secure=secure) else "",
            style=Markup(self._style),  # noqa: S704 - our own
            script=Markup(self._script),  # noqa: S704 - our own
        )

    def _line(self, check: Check, device: Device, said: Words) -> _Line:
        facts = said.localized(check.facts)
        if check.name == "reached":
            facts["mode"] = said.mode(check.found)
        text = (
            said.say("page", "waiting")
            if check.waiting
            else said.say(check.name, check.code, **facts)
        )
        facts["authority"] = self._authority
        action = said.say(check.name, check.action, **facts) if check.action else ""
        installs = check.name == "authority" and check.action == "do"
        return _Line(
            name=check.name,
            state=check.state,
            title=said.say(check.name, "title"),
            said=text,
            action=action,
            guides=_guides(device, said) if installs else (),
            download=_download(device) if installs else "",
        )

    def _source(self, name: str) -> str:
        loader = self._templates.loader
        if loader is None:
            raise TypeError("the templates have no loader")
        return loader.get_source(self._templates, name)[0]


def _guides(device: Device, said: Words) -> list[_Guide]:
    """Return the guides for a phone: one if it is known which, else all that it could be."""
    if device.system == "ios":
        return [_Guide("", said.steps("ios"), opened=True)]
    if device.system != "android":
        return [_Guide("", said.steps("other"), opened=True)]
    fitting = next(
        (guide for first, guide, _ in ANDROID_GUIDES if device.version and device.version >= first),
        "",
    )
    if fitting:
        return [_Guide("", said.steps(fitting), opened=True)]
    return [
        _Guide(title, said.steps(guide), opened=number == 0)
        for number, (_, guide, title) in enumerate(ANDROID_GUIDES)
    ]


def _download(device: Device) -> str:
    return "/ca.pem" if device.system == "ios" else "/ca.cer"


def _wants_https(visit: Visit, *, secure: bool) -> bool:
    """Whether the browser would tell over HTTPS what it keeps back over HTTP: model and version."""
    device = visit.device
    hidden = device.browser == "chromium" and device.system == "android" and not device.model
    return visit.trusted and hidden and not secure


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
