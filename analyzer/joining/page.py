"""The set-up page, for two audiences.

`setup_app` is for whoever runs the study, on this machine only: the codes, the configurations, the
steps for each system. `phone_app` is what a phone on the same network opens: its profile, its
tunnel, the certificate, and nothing else. Neither has scripts or cookies; both answer under a
path that cannot be guessed, because what they hand out lets one join, or read a tunnel.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, Response, abort, render_template, request
from jinja2 import StrictUndefined
from markupsafe import Markup

from analyzer.joining import qr
from analyzer.joining.guides import System, load_guides
from analyzer.joining.join import Join

PROFILE = "evenhand.mobileconfig"
CERTIFICATE = "evenhand-ca.crt"
CHECK = "http://phone.check/"  # answered by the proxy itself

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_IPHONE = re.compile(r"(?:iPhone|iPad)[^)]{0,40}? OS (\d{1,3})_")
_SYSTEMS: tuple[tuple[System, str], ...] = (("android", "Android"), ("ios", "iPhone"))


@dataclass(frozen=True, slots=True)
class _File:
    """Something that a phone fetches."""

    content: bytes
    kind: str
    attached: bool = True


def setup_app(joins: Sequence[Join], *, token: str, phone_base: str = "") -> Flask:
    """Return the page for this machine, under ``/<token>/``.

    `phone_base` is where phones reach `phone_app`, such as ``http://192.168.1.20:8090``; empty if
    it does not run: the page then shows what needs no second page. A request that names
    another host than this machine is refused, for it comes from a page that was made to look
    like us (DNS rebinding).
    """
    app = _app()
    phones = [
        _shown(join, f"{phone_base}/{join.token}/" if phone_base else "", number)
        for number, join in enumerate(joins, 1)
    ]

    @app.before_request
    def only_here() -> None:
        if request.host.rpartition(":")[0] not in _LOCAL and request.host not in _LOCAL:
            abort(403)

    @app.get("/<given>/")
    def index(given: str) -> str:
        if not _same(given, token):
            abort(404)
        return render_template("setup.html", phones=phones, **_common())

    @app.get("/<given>/page.css")
    def style(given: str) -> Response:
        if not _same(given, token):
            abort(404)
        return _style()

    return app


def phone_app(joins: Sequence[Join]) -> Flask:
    """Return the page for phones, one under ``/<token>/`` for each of `joins`; else 404."""
    app = _app()

    def of(given: str) -> Join:
        # All of them are compared, each in constant time: the answer's delay tells nothing.
        found = [join for join in joins if _same(given, join.token)]
        return found[0] if found else abort(404)

    @app.get("/<given>/")
    def index(given: str) -> str:
        join = of(given)
        system, version = _guess(request.headers.get("User-Agent", ""))
        return render_template(
            "phone.html", phone=_shown(join, ""), system=system, version=version, **_common()
        )

    @app.get("/<given>/<name>")
    def file(given: str, name: str) -> Response:
        join = of(given)
        if name == "page.css":
            return _style()
        found = _files(join).get(name) or abort(404)
        answer = Response(found.content, mimetype=found.kind)
        if found.attached:
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    return app


def _app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {"code": lambda text: Markup(qr.svg(text))}  # noqa: S704 - segno's own

    @app.after_request
    def shield(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    return app


def _style() -> Response:
    return Response(render_template("page.css"), mimetype="text/css")


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


def _files(join: Join) -> Mapping[str, _File]:
    """Return what the phone of `join` may fetch, by name."""
    authority = join.authority
    files = {
        PROFILE: _File(join.profile, "application/x-apple-aspen-config", attached=False),
        CERTIFICATE: _File(authority.der, "application/x-x509-ca-cert"),
        "evenhand-ca.cer": _File(authority.der, "application/x-x509-ca-cert"),
        "evenhand-ca.pem": _File(authority.pem, "application/x-pem-file"),
    }
    if join.android:
        kind = "application/octet-stream"  # so that a browser saves it and does not show it
        files[f"{join.file_name}.conf"] = _File(join.android.encode(), kind)
        if join.android_whole != join.android:
            files[f"{_whole_name(join)}.conf"] = _File(join.android_whole.encode(), kind)
    return files


def _whole_name(join: Join) -> str:
    return f"{join.file_name[:11]}-all"


@dataclass(frozen=True, slots=True)
class _Phone:
    """What the templates show of one phone. `url` is its own page, "" on that page itself."""

    join: Join
    anchor: str
    url: str
    tunnel: str  # the name that its tunnel gets
    whole: str  # the name of the tunnel that everything uses, "" if there is but one

    @property
    def profile_url(self) -> str:
        return self.url + PROFILE


def _shown(join: Join, url: str, number: int = 1) -> _Phone:
    whole = _whole_name(join) if join.android_whole != join.android else ""
    return _Phone(join, f"phone-{number}", url, join.file_name, whole)


def _common() -> dict[str, object]:
    return {
        "guides": load_guides(),
        "systems": _SYSTEMS,
        "check": CHECK,
        "profile": PROFILE,
        "certificate": CERTIFICATE,
    }


def _guess(agent: str) -> tuple[System | None, int | None]:
    """Say what phone asks; Chrome calls every Android 10, so that version tells nothing."""
    if found := _IPHONE.search(agent[:400]):
        return "ios", int(found[1])
    return ("android" if "Android" in agent[:400] else None), None
