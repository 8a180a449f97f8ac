"""The iPhone's profile, read as iOS reads it: a property list."""

from __future__ import annotations

import plistlib
import uuid
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from joining_rig import HOSTILE, authority_file, phone

from analyzer.joining.authority import load_authority
from analyzer.joining.profile import mobileconfig


def read(profile: bytes) -> dict[str, Any]:
    found = plistlib.loads(profile, fmt=plistlib.FMT_XML)
    assert isinstance(found, dict)
    return found


def identities(profile: bytes) -> list[tuple[str, str]]:
    top = read(profile)
    return [
        (each["PayloadIdentifier"], each["PayloadUUID"]) for each in (top, *top["PayloadContent"])
    ]


def test_one_profile_brings_the_authority_and_the_tunnel(tmp_path: Path) -> None:
    join = phone(tmp_path)
    top = read(join.profile)
    assert top["PayloadType"] == "Configuration"
    authority, tunnel = top["PayloadContent"]
    assert authority["PayloadType"] == "com.apple.security.root"
    assert authority["PayloadContent"] == load_authority(tmp_path / "mitmproxy-ca.pem").der
    assert tunnel["PayloadType"] == "com.apple.vpn.managed"
    assert (tunnel["VPNType"], tunnel["VPNSubType"]) == ("VPN", "com.wireguard.ios")
    assert tunnel["VendorConfig"] == {"WgQuickConfig": join.ios}
    assert tunnel["VPN"] == {
        "RemoteAddress": "192.168.1.20:51820",
        "AuthenticationMethod": "Password",
    }


def test_every_payload_has_what_ios_requires(tmp_path: Path) -> None:
    top = read(phone(tmp_path).profile)
    for payload in (top, *top["PayloadContent"]):
        assert payload["PayloadVersion"] == 1
        assert payload["PayloadDisplayName"]
        assert payload["PayloadIdentifier"].isascii()
        assert str(uuid.UUID(payload["PayloadUUID"])).upper() == payload["PayloadUUID"]
    assert "test phone only" in top["ConsentText"]["default"]
    assert top["PayloadRemovalDisallowed"] is False


def test_installing_it_again_replaces_the_old_one(tmp_path: Path) -> None:
    first = phone(tmp_path)
    moved = phone(tmp_path, host="10.20.30.40", port=51999)  # the computer got another address
    assert first.profile != moved.profile
    assert identities(first.profile) == identities(moved.profile)
    assert len(set(identities(first.profile))) == 3


@pytest.mark.parametrize(
    ("study", "arm"), [("pebblo", "DE-13"), ("other", "KE-13"), ("pebbl", "oKE-13")]
)
def test_another_arm_or_study_is_another_profile(study: str, arm: str, tmp_path: Path) -> None:
    one, other = phone(tmp_path), phone(tmp_path, arm, study=study)
    assert not set(identities(one.profile)) & set(identities(other.profile))


def test_without_a_tunnel_it_brings_the_authority_alone(tmp_path: Path) -> None:
    join = phone(tmp_path, mode="regular", port=8080)
    top = read(join.profile)
    assert [each["PayloadType"] for each in top["PayloadContent"]] == ["com.apple.security.root"]
    assert b"PRIVATE" not in join.profile


@pytest.mark.parametrize("name", [HOSTILE, "a\x00b\x1bc", "x" * 5000, "Ünï 子"])
def test_names_stay_text(name: str, tmp_path: Path) -> None:
    authority = load_authority(authority_file(tmp_path, "<b>Authority</b> & sons"))
    profile = mobileconfig(name, name, authority, None)
    ElementTree.fromstring(profile)
    top = read(profile)
    assert len(top["PayloadDisplayName"]) < 100
    assert top["PayloadContent"][0]["PayloadDisplayName"].endswith("<b>Authority</b> & sons")
    assert all(each.isprintable() for each in top["PayloadDisplayName"])
    if name == HOSTILE:
        assert "<script>alert(1)</script>" in top["PayloadDisplayName"]
        assert b"<script>" not in profile
    if name.startswith("Ün"):
        assert top["PayloadDisplayName"] == f"evenhand {name}"
