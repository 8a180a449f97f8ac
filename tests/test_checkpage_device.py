"""What a User-Agent and client hints tell of a phone, and what they only pretend."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addons.checkpage_device import Device, plain, read_user_agent, with_hints

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
FROZEN = f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/150.0.0.0 Mobile Safari/537.36"
IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{} Mobile/15E148 Safari/604.1"  # noqa: E501


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 7) {_WEBKIT} Chrome/120.0.0.0 Safari/537.36",
            Device("android", 14, "Pixel 7", "chromium"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 8.1.0; SM-J530F Build/M1AJQ; wv) {_WEBKIT} Chrome/90.0",
            Device("android", 8, "SM-J530F", "chromium"),
        ),
        (FROZEN, Device("android", None, "", "chromium")),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
            Device("android", 14, "", "firefox"),
        ),
        (IOS.format("17_5", "17.5"), Device("ios", 17, "iPhone", "safari")),
        (IOS.format("18_6", "26.0"), Device("ios", 26, "iPhone", "safari")),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            Device("", None, "", "firefox"),
        ),
        ("curl/8.0", Device()),
        ("", Device()),
    ],
)
def test_an_agent_tells_what_it_tells(agent: str, device: Device) -> None:
    assert read_user_agent(agent) == device


def test_hints_beat_a_frozen_agent() -> None:
    found = with_hints(read_user_agent(FROZEN), model="Pixel 9", version="16.0.0")
    assert found == Device("android", 16, "Pixel 9", "chromium")
    assert found.label == "Pixel 9, Android 16"


@pytest.mark.parametrize(
    ("model", "version"), [("", ""), ("<b>", "x"), ("K", "123"), ("a" * 41, "٣")]
)
def test_hints_that_are_none_change_nothing(model: str, version: str) -> None:
    device = read_user_agent(FROZEN)
    assert with_hints(device, model=model, version=version) == device


def test_hints_of_what_has_none_are_a_lie() -> None:
    iphone = read_user_agent(IOS.format("17_5", "17.5"))
    assert with_hints(iphone, model="Pixel 9", version="16") == iphone


@given(st.text())
@settings(deadline=None)
def test_any_agent_is_read_and_no_model_holds_markup(agent: str) -> None:
    for text in (agent, f"Mozilla/5.0 (Linux; Android 14; {agent}) Chrome/1"):
        device = read_user_agent(text)
        assert device.model == "" or plain(device.model) == device.model
        assert not set(device.label) & set("<>&\"'")
