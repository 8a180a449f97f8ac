"""The study folder of the demonstration, written from the declaration."""

from __future__ import annotations

import secrets
from pathlib import Path

import orjson

from analyzer.errors import UserError
from analyzer.said import say
from analyzer.simulation.declaration import Declaration, load_declaration
from analyzer.study import FILE, Study, load_study

# What cannot hold on one machine; each report of the demonstration prints it.
_WAIVED = {
    "region": say(
        "the phone, the app and its servers are simulated on one machine, wherever that is"
    ),
    "length": say("a simulated session lasts as long as the machine takes for it"),
    "duration": say("a simulated session lasts as long as the machine takes for it"),
}
_HEAD = """\
# The study of the demonstration: a fictional app, recorded on this machine. Nobody in it exists.
# What the app sends is declared in the program itself, in analyzer/simulation/declaration.yaml.

"""


def prepare_demo(folder: Path, declaration: Declaration | None = None) -> Study:
    """Make the study folder `folder` for the fictional app, and return the study.

    An existing study.toml is kept as it is (its key belongs to the captures beside it) unless it is
    of another app, or of the audit's demonstration: then `UserError`, as where the folder cannot be
    written.
    """
    declared = declaration or load_declaration()
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(study_text(declared, secrets.token_hex(32)), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
    study = load_study(folder)
    if study.app != declared.app.name or study.feed is not None:
        what = "another demo" if study.app == declared.app.name else study.app
        raise UserError(f"{path} is a study of {what}", "name another folder for the demo")
    return study


def study_text(declaration: Declaration, key: str) -> str:
    """Return a study.toml for the app, arms and personas of `declaration`; `key` is its secret."""
    app = declaration.app
    lines = [
        "[study]",
        f"name = {_quoted(app.name)}",
        f"app = {_quoted(app.name)}",
        f"app_version = {_quoted(app.version)}",
        "fictional = true",
        f"first_party = [{', '.join(map(_quoted, app.first_party))}]",
        f"key = {_quoted(key)}",
        f"phases = [{', '.join(map(_quoted, app.phases))}]",
    ]
    for label, arm in declaration.arms.items():
        lines += [
            "",
            f"[arms.{_quoted(label)}]",
            f"country = {_quoted(arm.country)}",
            f"age = {arm.age}",
            f"consent = {_quoted(arm.consent)}",
            f"persona = {_quoted(arm.persona)}",
        ]
    for name, values in declaration.personas.items():
        lines += ["", f"[personas.{_quoted(name)}]"]
        lines += [f"{_quoted(data)} = {_quoted(value)}" for data, value in values.items()]
    lines += ["", "[compare.waive]"]
    lines += [f"{gate} = {_quoted(why)}" for gate, why in _WAIVED.items()]
    return _HEAD + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()  # a JSON string is a TOML basic string
