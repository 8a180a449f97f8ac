"""What Frida needs to make an app trust the proxy's certificate despite its pins.

The scripts are https://github.com/httptoolkit/frida-interception-and-unpinning, under the
AGPL-3.0: they are not part of this program. The user clones them; of the clone's `config.js` a
copy is made with our values in its constants, because the other scripts need the rest of it.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analyzer.errors import UserError
from analyzer.phone.adb import Adb
from analyzer.phone.apps import checked_id

SCRIPTS = "https://github.com/httptoolkit/frida-interception-and-unpinning"
Way = Literal["proxy", "tunnel"]
_LARGEST = 1 << 20  # bytes of config.js
_CERTIFICATE = re.compile(r"^const CERT_PEM = `[^`]*`;", re.MULTILINE)
_HOST = re.compile(r"^const PROXY_HOST = '[^'\n]*';", re.MULTILINE)
_PORT = re.compile(r"^const PROXY_PORT = [0-9]+;", re.MULTILINE)
_HTTP3 = re.compile(r"^const BLOCK_HTTP3 = (?:true|false);", re.MULTILINE)
# In the order of the project's README; those that lead connections to the proxy come first.
_LEADING = ("native-connect-hook.js", "android/android-proxy-override.js")
_UNPINNING = (
    "native-tls-hook.js",
    "android/android-system-certificate-injection.js",
    "android/android-certificate-unpinning.js",
    "android/android-certificate-unpinning-fallback.js",
)


@dataclass(frozen=True, slots=True)
class Unpinning:
    """What was prepared: the file, the line for the shell, and whether the phone is ready."""

    config: Path
    command: str
    server_runs: bool


def find_frida() -> str:
    """Return the `frida` of this machine; `UserError` if there is none."""
    found = shutil.which("frida")
    if found is None:
        raise UserError(
            "frida is not installed",
            "`pipx install frida-tools`, and frida-server of the same version on the phone",
        )
    return found


def server_runs(adb: Adb, serial: str) -> bool:
    """Whether frida-server runs on the phone (which has to be rooted for it)."""
    said = adb.line(serial, "pidof", "frida-server")
    return bool(said) and said.replace(" ", "").isdigit()


def prepare(
    app_id: str,
    scripts: Path,
    folder: Path,
    *,
    pem: bytes,
    host: str,
    port: int,
    way: Way,
    device: str | None = None,
) -> tuple[Path, str]:
    """Write `folder`/config.js and return it with the command that starts the app under Frida.

    `scripts` is the clone, `pem` the certificate of our authority. `way`: "proxy" leads all of the
    app's connections to `host`:`port`; "tunnel" leaves that to WireGuard. `device` is the serial
    number where several phones are connected. `UserError` if the clone is not what it should be.
    """
    checked_id(app_id)
    try:
        address = ipaddress.IPv4Address(host)  # the hook on connect(2) takes no other
    except ValueError:
        raise UserError(
            f"{host[:80]!r} is not an IPv4 address", "use 127.0.0.1 with the USB proxy"
        ) from None
    text = _filled(
        _read(scripts / "config.js"), pem.decode("ascii").strip(), str(address), port, way
    )
    wanted = (*_LEADING, *_UNPINNING) if way == "proxy" else _UNPINNING
    found = [scripts / name for name in wanted if (scripts / name).is_file()]
    if not any(path.name == "android-certificate-unpinning.js" for path in found):
        raise UserError(f"{scripts} lacks the scripts for Android", f"clone {SCRIPTS} anew")
    config = folder / "config.js"
    if config.resolve() == (scripts / "config.js").resolve():
        raise UserError("that would overwrite the clone's own config.js", "choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{config} cannot be written", error.strerror or str(error)) from None
    where = ["-D", device] if device else ["-U"]
    loaded = [word for path in (config, *found) for word in ("-l", str(path))]
    return config, shlex.join(["frida", *where, "-f", app_id, *loaded])


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f"{path} cannot be read", f"`git clone {SCRIPTS}`, and name the clone with --scripts"
        ) from None


def _filled(text: str, pem: str, host: str, port: int, way: Way) -> str:
    """Put our values into the constants; BLOCK_HTTP3 is younger than the others."""
    http3 = "true" if way == "proxy" else "false"
    for constant, line, needed in (
        (_CERTIFICATE, f"const CERT_PEM = `{pem}`;", True),
        (_HOST, f"const PROXY_HOST = '{host}';", True),
        (_PORT, f"const PROXY_PORT = {port};", True),
        (_HTTP3, f"const BLOCK_HTTP3 = {http3};", False),
    ):
        text, found = constant.subn(lambda _, line=line: line, text)  # type: ignore[misc]
        if found != 1 and (needed or found):
            name = line.split()[1]
            raise UserError(f"config.js of the scripts has no constant {name}", "clone them anew")
    return text
