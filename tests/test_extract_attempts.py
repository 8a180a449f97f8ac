from __future__ import annotations

import random
import zlib

import pytest

from analyzer.extract.attempts import attempts, promising

SEEDED = b"player-88213-xkq"


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize("content", [SEEDED, b"id=" + SEEDED + b"&k=1", SEEDED * 9])
def test_raw_deflate_in_hexadecimal_is_unpacked(content: bytes) -> None:
    text = raw_deflate(content).hex()
    assert promising(["ff" * 9, text]) == [text]
    assert content in attempts(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
def test_utf_16_in_hexadecimal_is_read(encoding: str) -> None:
    assert SEEDED in attempts(SEEDED.decode().encode(encoding).hex().encode())


@pytest.mark.parametrize("joint", [":", " ", "-"])
def test_short_values_byte_by_byte_are_joined(joint: str) -> None:
    assert b"R58M41ZQ7TN" in attempts(b"R58M41ZQ7TN".hex(joint).encode())


@pytest.mark.parametrize("text", ["a4:5e:60:c2:1b:9f", "02-00-5e-10-00-00-00-01"])
def test_addresses_of_hardware_are_not_taken_apart(text: str) -> None:
    assert attempts(text.encode()) == []


def test_random_hexadecimal_holds_next_to_nothing() -> None:
    draw = random.Random(7)
    found = [attempts(draw.randbytes(24).hex().encode()) for _ in range(500)]
    assert sum(map(bool, found)) < 50
