"""A study, an exchange and a bundle being written, for the tests of the store."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from analyzer.bundle import BundleWriter, new_session, seals
from analyzer.models import Arm, Exchange
from analyzer.study import CompareSettings, Study
from analyzer.sums import write_sums

ARM = Arm("KE-13", "KE", 13, "refused")


def a_study(root: Path) -> Study:
    """A study with one arm in `root`."""
    return Study(
        root=root,
        name="a study",
        app="com.app.example",
        app_version="1.2",
        first_party=("app.example",),
        key=b"k" * 32,
        phases=("first launch", "use"),
        arms={ARM.label: ARM},
        personas={},
        persona_of={"KE-13": "amina"},
        compare=CompareSettings(),
    )


def a_writer(study: Study) -> BundleWriter:
    """A bundle being written."""
    session = new_session(study, ARM, origin="har", tools=[("har", "1.2")], planted=["d1"])
    return BundleWriter.create(study.captures, session, phase="first launch")


def resealed(bundle: Path) -> None:
    """Seal a bundle that was changed as if it had always been so."""
    seals.write_seal(bundle)
    write_sums(bundle, (bundle / name for name in seals.seal_sums(bundle)))


def an_exchange(number: str = "a", **changes: object) -> Exchange:
    """A whole exchange, with some fields changed."""
    plain = Exchange(
        id=number,
        session="",
        t_s=1.5,
        phase="",
        method="POST",
        url="https://api.app.example/x?y=1",
        request_headers=(("Host", "api.app.example"), ("X", "1"), ("x", "2"), ("X", "1")),
        request_body=b"\x00\xffsent",
        status=200,
        response_headers=(("set-cookie", "a=1"), ("set-cookie", "b=2")),
        response_body=b"got",
        server_ip="192.0.2.1",
        transport="h2",
        complete=True,
        truncated=0,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]
