"""The unpinning scripts get our values, and nothing of theirs is in this program.

The clone here is invented: it has the same names of files and constants, and none of the code.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from analyzer.errors import UserError
from analyzer.phone.unpinning import Way, find_frida, prepare

APP = "com.example.app"
PEM = b"-----BEGIN CERTIFICATE-----\nTUlJ\\1Qg==\n-----END CERTIFICATE-----\n"
CONFIG = """// an invented stand-in
const CERT_PEM = `-----BEGIN CERTIFICATE-----

[!! Put your CA certificate data here, in PEM format !!]

-----END CERTIFICATE-----`;
const PROXY_HOST = '127.0.0.1';
const PROXY_PORT = 8000;
const DEBUG_MODE = false;
const BLOCK_HTTP3 = true;
const PROXY_SUPPORTS_SOCKS5 = false;
const CERT_DER = work(CERT_PEM);
"""
NAMES = (
    "native-connect-hook.js",
    "native-tls-hook.js",
    "android/android-proxy-override.js",
    "android/android-system-certificate-injection.js",
    "android/android-certificate-unpinning.js",
    "android/android-certificate-unpinning-fallback.js",
    "ios/ios-connect-hook.js",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "config.js").write_text(CONFIG)
    return folder


def prepared(
    clone: Path, way: Way = "proxy", host: str = "127.0.0.1", device: str | None = None
) -> tuple[str, list[str]]:
    out = clone.parent / "out"
    path, line = prepare(APP, clone, out, pem=PEM, host=host, port=8081, way=way, device=device)
    assert path == out / "config.js"
    return path.read_text(), shlex.split(line)


def test_the_constants_are_ours_and_the_rest_is_as_it_was(clone: Path) -> None:
    text, _ = prepared(clone, host="192.0.2.7")
    ours = CONFIG.replace("'127.0.0.1'", "'192.0.2.7'").replace("8000", "8081")
    start, _, rest = ours.partition("`")
    _, _, rest = rest.partition("`")
    assert text == f"{start}`{PEM.decode().strip()}`{rest}"
    assert (clone / "config.js").read_text() == CONFIG


def test_with_the_proxy_everything_is_led_to_it_and_http3_is_refused(clone: Path) -> None:
    text, words = prepared(clone)
    assert "const BLOCK_HTTP3 = true;" in text
    assert words[:4] == ["frida", "-U", "-f", APP]
    loaded = [Path(word).name for word in words if word.endswith(".js")]
    assert loaded == [
        "config.js", "native-connect-hook.js", "android-proxy-override.js", "native-tls-hook.js",
        "android-system-certificate-injection.js", "android-certificate-unpinning.js",
        "android-certificate-unpinning-fallback.js",
    ]  # fmt: skip
    assert words.count("-l") == len(loaded)


def test_in_the_tunnel_only_the_pins_are_taken_away(clone: Path) -> None:
    text, words = prepared(clone, way="tunnel")
    assert "const BLOCK_HTTP3 = false;" in text
    assert not any("connect-hook" in word or "proxy-override" in word for word in words)


def test_one_of_several_phones_is_named(clone: Path) -> None:
    assert prepared(clone, device="127.0.0.1:5555")[1][:3] == ["frida", "-D", "127.0.0.1:5555"]


def test_older_scripts_without_http3_and_newer_files_do_too(clone: Path) -> None:
    (clone / "config.js").write_text(CONFIG.replace("const BLOCK_HTTP3 = true;\n", ""))
    (clone / "native-tls-hook.js").unlink()
    text, words = prepared(clone)
    assert "BLOCK_HTTP3" not in text
    assert not any("native-tls-hook" in word for word in words)


def test_a_folder_with_blanks_is_quoted_for_the_shell(tmp_path: Path, clone: Path) -> None:
    moved = clone.rename(tmp_path / "my clone; x")
    assert str(moved / "native-connect-hook.js") in prepared(moved)[1]


@pytest.mark.parametrize("constant", ["CERT_PEM", "PROXY_HOST", "PROXY_PORT"])
def test_scripts_that_have_changed_are_named_not_guessed(clone: Path, constant: str) -> None:
    (clone / "config.js").write_text(CONFIG.replace(f"const {constant}", "const OTHER"))
    with pytest.raises(UserError, match=f"has no constant {constant}"):
        prepared(clone)


def test_what_is_no_clone_is_the_users_to_put_right(clone: Path) -> None:
    with pytest.raises(UserError, match=r"`git clone https://github\.com/httptoolkit/frida"):
        prepared(clone / "android")
    (clone / "android/android-certificate-unpinning.js").unlink()
    with pytest.raises(UserError, match="lacks the scripts for Android"):
        prepared(clone)


def test_neither_a_strange_app_nor_a_strange_host_gets_into_the_line(clone: Path) -> None:
    with pytest.raises(UserError, match="is not an IPv4 address"):
        prepared(clone, host="'; evil(); '")
    with pytest.raises(UserError, match="is not an Android package name"):
        prepare("x; y", clone, clone, pem=PEM, host="127.0.0.1", port=1, way="proxy")


def test_the_clone_itself_is_not_written_to(clone: Path) -> None:
    with pytest.raises(UserError, match="would overwrite the clone's own config"):
        prepare(APP, clone, clone, pem=PEM, host="127.0.0.1", port=1, way="proxy")
    assert (clone / "config.js").read_text() == CONFIG


def test_a_machine_without_frida_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="frida is not installed: `pipx install frida-tools`"):
        find_frida()
