"""Tunnel keys that stay, and configurations that the phones' parsers accept."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import threading
import unittest.mock
from pathlib import Path

import pytest
from joining_rig import authority_file, phone, program
from ports import free_port

from analyzer.errors import UserError
from analyzer.joining import prepare_join
from analyzer.joining.authority import load_authority
from analyzer.joining.join import key_file
from analyzer.joining.wireguard import (
    Keys,
    android_config,
    endpoint,
    ios_config,
    keep_keys,
    make_key,
    public_key,
)

# What the parsers of wireguard-android (config/Interface.java, Peer.java) and of wireguard-apple
# (TunnelConfiguration+WgQuickConfig.swift) know; anything else they refuse altogether.
PEER = {"publickey", "presharedkey", "allowedips", "endpoint", "persistentkeepalive"}
IOS = {"privatekey", "listenport", "address", "dns", "mtu"}
ANDROID = IOS | {"includedapplications", "excludedapplications"}


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Read a configuration as strictly as the phones do: sections, keys once, nothing else."""
    sections: dict[str, dict[str, str]] = {}
    for line in filter(None, text.split("\n")):
        if line.startswith("["):
            name = line.strip("[]").lower()
            assert name not in sections
            sections[name] = {}
            continue
        key, separator, value = line.partition(" = ")
        assert separator
        assert value.strip() == value
        assert key.lower() not in sections[name]
        sections[name][key.lower()] = value
    return sections


def test_a_phone_stays_joined_because_its_keys_stay(tmp_path: Path) -> None:
    first, again = phone(tmp_path), phone(tmp_path)
    assert first.android == again.android
    assert first.mitmproxy_mode == again.mitmproxy_mode
    other = phone(tmp_path, "DE-13")
    assert parsed(other.android)["interface"]["privatekey"] not in first.android


def test_the_keys_are_readable_by_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "wireguard" / "arm.conf"
    keep_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["arm.conf"]
    path.chmod(0o644)
    keep_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_they_are_in_no_representation(tmp_path: Path) -> None:
    join = phone(tmp_path)
    keys = keep_keys(next((tmp_path / "wireguard").iterdir()))
    shown = f"{join!r} {keys!r} {ios_config(keys, '10.1.2.3', 1)!r}"
    assert keys.client in join.android
    for secret in (keys.client, keys.server, join.token):
        assert secret not in shown


def test_several_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    path, found = tmp_path / "wireguard" / "arm.conf", set()
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        found.add(keep_keys(path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"server_key": 1, "client_key": 2}',
        b'{"server_key": "AAAA", "client_key": "AAAA"}',
        b'{"server_key": "\xc3\xa9", "client_key": ""}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_key_file_is_said_in_a_line_and_left_alone(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "arm.conf"
    path.write_bytes(content)
    with pytest.raises(UserError, match="are damaged: remove the file") as raised:
        keep_keys(path)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_had_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "wireguard").write_text("a file")
    with pytest.raises(UserError, match=r"cannot be used .*--confdir"):
        keep_keys(tmp_path / "wireguard" / "arm.conf")


def test_public_keys_are_those_of_wireguards_own_tool() -> None:
    key = make_key()
    command = [program("wg", "wireguard-tools"), "pubkey"]
    done = subprocess.run(command, input=key, capture_output=True, text=True, check=True)
    assert public_key(key) == done.stdout.strip()


def test_the_tunnel_takes_ipv4_and_ipv6(tmp_path: Path) -> None:
    join = phone(tmp_path)
    for text in (join.android, join.android_whole, join.ios):
        found = parsed(text)
        assert found["peer"]["allowedips"] == "0.0.0.0/0, ::/0"
        assert found["interface"]["address"] == "10.0.0.1/32, fd00:10::1/128"
        assert found["interface"]["dns"] == "10.0.0.53"
        assert found["peer"]["endpoint"] == "192.168.1.20:51820"


def test_each_parser_knows_every_entry(tmp_path: Path) -> None:
    join = phone(tmp_path, app_id="com.pebblo.app")
    android, whole, ios = parsed(join.android), parsed(join.android_whole), parsed(join.ios)
    assert set(android["interface"]) - ANDROID == set()
    assert android["interface"]["includedapplications"] == "com.pebblo.app"
    assert set(ios["interface"]) - IOS == set()
    assert set(whole["interface"]) - IOS == set()
    for found in (android, whole, ios):
        assert list(found) == ["interface", "peer"]
        assert set(found["peer"]) - PEER == set()


def test_without_an_app_everything_uses_the_tunnel(tmp_path: Path) -> None:
    join = phone(tmp_path)
    assert join.android == join.android_whole == join.ios
    assert "Applications" not in join.android


@pytest.mark.parametrize(
    "app_id",
    ["app", "com.", "com..x", "com.x y", "com.x\nPostUp = x", "1com.x", "com.x, com.y", "ünï.code"],
)
def test_what_is_no_package_name_gets_into_no_configuration(app_id: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not an Android package name"):
        phone(tmp_path, app_id=app_id)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.168.1.20", "192.168.1.20:51820"),
        ("2001:db8::20", "[2001:db8::20]:51820"),
        ("[2001:db8::20]", "[2001:db8::20]:51820"),
        ("lab-machine.local", "lab-machine.local:51820"),
    ],
)
def test_an_endpoint_is_written_as_parsers_want_it(host: str, expected: str) -> None:
    assert endpoint(host, 51820) == expected
    keys = Keys(make_key(), make_key())
    assert f"Endpoint = {expected}\n" in android_config(keys, host, 51820).text


@pytest.mark.parametrize(
    "host",
    ["", " ", "a b", "x\ny", "-x", "0.0.0.0", "::", "fe80::1", "fe80::1%eth0", "x" * 300, "a..b"],
)
def test_a_host_that_no_phone_could_reach_is_refused(host: str) -> None:
    with pytest.raises(UserError, match=r"no address that a phone|leads a phone nowhere"):
        endpoint(host, 51820)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(UserError, match="is not a port"):
        endpoint("192.168.1.20", port)


def test_two_studies_or_arms_never_share_keys() -> None:
    names = [("a", "b-c"), ("a-b", "c"), ("a b", "c"), ("a/b", "c"), ("é", "c"), ("ü", "c")]
    files = [key_file(study, arm) for study, arm in names]
    assert len(set(files)) == len(files)
    for name in [*files, key_file("../../etc", ".."), key_file("x" * 500, "y" * 64)]:
        assert "/" not in name
        assert not name.startswith(".")
        assert len(name) < 120


@pytest.mark.parametrize(
    ("mode", "host", "listen", "expected"),
    [
        ("regular", "192.168.1.20", "", "regular@8080"),
        ("socks5", "192.168.1.20", "", "socks5@8080"),
        ("transparent", "192.168.1.20", "", "transparent@8080"),
        ("regular", "192.168.1.20", "127.0.0.1", "regular@127.0.0.1:8080"),
        ("regular", "2001:db8::20", "", "regular@:::8080"),
        ("regular", "2001:db8::20", "[2001:db8::20]", "regular@2001:db8::20:8080"),
    ],
)
def test_other_modes_need_no_keys(
    mode: str, host: str, listen: str, expected: str, tmp_path: Path
) -> None:
    join = phone(tmp_path, mode=mode, host=host, listen=listen, port=8080)  # type: ignore[arg-type]
    assert join.mitmproxy_mode == expected
    assert (join.android, join.ios) == ("", "")
    assert not (tmp_path / "wireguard").exists()


def test_a_mode_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no mode 'reverse': use one of wireguard, regular"):
        phone(tmp_path, mode="reverse")  # type: ignore[arg-type]


def test_a_missing_or_broken_certificate_is_said_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with pytest.raises(UserError, match="No such file"):
        load_authority(path)
    path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(UserError, match="it holds no certificate"):
        prepare_join(
            tmp_path, "KE-13", study="s", mode="regular", endpoint_host="192.168.1.2", port=1,
            authority_pem=path,
        )  # fmt: skip


def test_the_authoritys_key_is_not_taken_over(tmp_path: Path) -> None:
    path = authority_file(tmp_path)
    assert b"PRIVATE KEY" in path.read_bytes()
    authority = load_authority(path)
    assert b"PRIVATE" not in authority.pem + authority.der
    assert authority.name == "mitmproxy"
    assert len(authority.fingerprint) == 95


@pytest.mark.capture
@pytest.mark.parametrize("folder", ["plain", "with space", "with@at", "with:colon"])
@pytest.mark.parametrize("host", ["192.168.1.20", "2001:db8::20"])
def test_mitmproxy_serves_the_tunnel_that_the_phone_was_given(
    folder: str, host: str, tmp_path: Path
) -> None:
    from mitmproxy.proxy.mode_servers import WireGuardServerInstance
    from mitmproxy.proxy.mode_specs import WireGuardMode
    from mitmproxy.test import taddons

    (tmp_path / folder).mkdir()
    listen = "::1" if ":" in host else "127.0.0.1"
    join = phone(tmp_path / folder, host=host, port=free_port(), listen=listen)
    mode = WireGuardMode.parse(join.mitmproxy_mode)
    before = {path: path.read_bytes() for path in (tmp_path / folder / "wireguard").iterdir()}

    async def started() -> str:
        with taddons.context():
            server = WireGuardServerInstance(mode, unittest.mock.MagicMock())
            await server.start()
            try:
                assert [address[:2] for address in server.listen_addrs] == [(listen, join.port)]
                return server.client_conf() or ""
            finally:
                await server.stop()

    theirs, ours = parsed(asyncio.run(started())), parsed(join.android)
    for section, key in (("interface", "privatekey"), ("peer", "publickey"), ("interface", "dns")):
        assert theirs[section][key] == ours[section][key]
    assert theirs["interface"]["address"] in ours["interface"]["address"]
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.capture
def test_a_phone_on_ipv6_finds_somebody_listening(tmp_path: Path) -> None:
    from mitmproxy.proxy.mode_specs import ProxyMode

    mode = ProxyMode.parse(phone(tmp_path, host="2001:db8::20").mitmproxy_mode)
    assert (mode.listen_host(), mode.listen_port()) == ("::", 51820)
    mode = ProxyMode.parse(phone(tmp_path).mitmproxy_mode)
    assert (mode.listen_host(), mode.listen_port()) == ("", 51820)
