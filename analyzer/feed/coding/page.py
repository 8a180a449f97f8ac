"""The local coding page: text only, one item at a time; for a browser on this machine only.

What another program or page on this machine could try is refused (`analyzer.local_page`). What
strangers wrote is text: the template escapes it. All works without script.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from analyzer.errors import UserError
from analyzer.feed.coding.desk import Desk
from analyzer.feed.coding.words import LANGUAGES, crisis_lines, words
from analyzer.local_page import guard, new_nonce, page_response

_LARGEST: Final = 10_000  # bytes of a form


def coding_app(
    desk: Desk, token: str, *, language: str = "en", countries: Sequence[str] = ()
) -> Flask:
    """Return the page of one person at `desk`, under ``/<token>/``.

    `language`: one of `LANGUAGES`. `countries`: whose crisis lines are shown; () for all.
    """
    if language not in LANGUAGES:
        raise UserError(f"the page is not in {language!r}", f"use one of {', '.join(LANGUAGES)}")
    app = Flask("analyzer.feed.coding", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    known = crisis_lines()

    guard(app, token)

    @app.errorhandler(UserError)
    def wrong(error: UserError) -> Response:
        return Response(f"{error}\n", 409, content_type="text/plain; charset=utf-8")

    @app.get("/<token>/")
    def page() -> Response:
        nonce = new_nonce()
        text = render_template(
            "coding.html",
            now=desk.now(),
            desk=desk,
            said=words(language),
            lines=known.of(countries),
            emergency=known.emergency_of(countries, words(language)),
            nonce=nonce,
        )
        return page_response(text, nonce)

    @app.post("/<token>/<any(begin, code, undo, rest):what>")
    def act(what: str) -> AnyResponse:
        if what == "begin":
            desk.begin()
        elif what == "undo":
            desk.undo()
        elif what == "rest":
            desk.go_on()
        else:
            desk.choose(request.form.get("item", ""), request.form.get("category", ""))
        return redirect(f"/{token}/", 303)

    return app
