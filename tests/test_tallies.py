"""The numbers that a session is told in."""

from __future__ import annotations

import random
from pathlib import Path
from typing import get_args

import pytest
from bundle_rig import a_study, a_writer

from analyzer.models import Outcome, Transport
from analyzer.readers.bundle import read_connections
from analyzer.trust import HUNG_UP, QUIET, tally


@pytest.mark.parametrize("seed", range(20))
def test_the_counts_of_a_session_are_the_tally_of_its_connections(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    writer = a_writer(a_study(tmp_path))
    for _ in range(chance.choice((0, 3, 60))):
        transport: Transport = chance.choice(get_args(Transport))
        outcome: Outcome = chance.choice((*get_args(Outcome), "silent", "refused"))
        number = writer.connections.open(
            t_s=float(chance.randrange(12)),
            phone=chance.choice(("10.0.0.1", "10.0.0.2")),
            transport=transport,
            host=chance.choice(("", "a.example", "b.example", "phone.check")),
            address=f"192.0.2.{chance.randrange(3)}:{chance.choice((80, 443))}",
        )
        writer.connections.change(
            number,
            outcome=outcome,
            reason=chance.choice((HUNG_UP, QUIET, "another")),
            tls=chance.choice(("", "TLSv1.2", "TLSv1.3")),
            bytes_up=chance.randrange(9),
            bytes_down=chance.randrange(9),
        )
    counted = dict(writer.close("stopped").counts)
    found = read_connections(writer.path)
    assert counted.items() >= (tally(found) if found else {}).items()
    assert len(found) == counted["connections"]
    assert {name for name in counted if name.startswith(("connections_", "hosts"))} == {
        name for name in tally(found) if found and name.startswith(("connections_", "hosts"))
    }
