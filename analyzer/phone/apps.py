"""The app under test as it is installed on the phone: version, SHA-256 of its files, its bytes."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import UserError
from analyzer.phone.adb import KIB, Adb, shown

_APP_ID = re.compile(r"(?=.{1,200}\Z)[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+", re.ASCII)
# What `pm path` says, and may be asked for in turn.
_APK = re.compile(r"package:(/[A-Za-z0-9._~=+/-]{1,500}\.apk)", re.ASCII)
_VERSION = re.compile(r"^\s*versionName=(\S[^\n]{0,80})$", re.MULTILINE)
_CODE = re.compile(r"\bversionCode=([0-9]{1,20})\b")
_SHA256 = re.compile(r"\\?([0-9a-f]{64})\b")
_UID = re.compile(r"\buid:([0-9]{1,10})\b")
_APKS = 64
_HASH_S = 120.0
_LARGEST = 4 * KIB**3  # bytes of one APK
_DUMP = 16 * KIB * KIB


@dataclass(frozen=True, slots=True)
class App:
    """What was found. "" and empty where the phone does not say.

    `apks` are (file name, SHA-256) of the base and its splits. `bytes_up` and `bytes_down` are the
    phone's own count since it keeps one (some weeks): the difference of two is a session's.
    """

    id: str
    version: str
    version_code: str
    apks: tuple[tuple[str, str], ...]
    bytes_up: int | None
    bytes_down: int | None


def checked_id(app_id: str) -> str:
    """Return `app_id`; `UserError` if it is not a package name."""
    if not _APP_ID.fullmatch(app_id):
        raise UserError(
            f"'{shown(app_id, 80)}' is not an Android package name", "use one as com.example.app"
        )
    return app_id


def read_app(adb: Adb, serial: str, app_id: str) -> App:
    """Ask the phone about the app `app_id`; `UserError` if it is not installed."""
    checked_id(app_id)
    said = adb.shell(serial, "pm", "path", app_id).out.decode(errors="replace")
    paths = [found[1] for line in said.splitlines() if (found := _APK.fullmatch(line.strip()))]
    if not paths:
        raise UserError(
            f"{app_id} is not installed on the phone",
            "`adb shell pm list packages -3` lists what is",
        )
    dump = adb.shell(serial, "dumpsys", "package", app_id, limit=_DUMP).out.decode(errors="replace")
    # The packages' own section; others quote versions of other packages.
    _, _, own = dump.partition(f"Package [{app_id}]")
    version, code = _VERSION.search(own), _CODE.search(own)
    up, down = _bytes(adb, serial, app_id)
    return App(
        id=app_id,
        version=shown(version[1].strip(), 80) if version else "",
        version_code=code[1] if code else "",
        apks=tuple(
            (Path(path).name, digest)
            for path in paths[:_APKS]
            if ".." not in path and (digest := _sha256(adb, serial, path))
        ),
        bytes_up=up,
        bytes_down=down,
    )


def _sha256(adb: Adb, serial: str, path: str) -> str:
    """Hash a file on the phone, or here where the phone has no such program; "" if neither goes."""
    said = adb.shell(serial, "sha256sum", path, timeout_s=_HASH_S).out.decode(errors="replace")
    found = _SHA256.match(said)
    if found:
        return found[1]
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "app.apk"
        if not adb.pull(serial, path, local, timeout_s=_HASH_S, limit=_LARGEST):
            return ""
        with local.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _bytes(adb: Adb, serial: str, app_id: str) -> tuple[int | None, int | None]:
    said = adb.shell(serial, "pm", "list", "packages", "-U", app_id).out.decode(errors="replace")
    for line in said.splitlines():
        name, _, rest = line.strip().partition(" ")
        uid = _UID.match(rest)
        if name == f"package:{app_id}" and uid:
            dump = adb.shell(serial, "dumpsys", "netstats", "detail", timeout_s=30, limit=_DUMP)
            if not dump.cut:
                return bytes_of(dump.out.decode(errors="replace"), int(uid[1]))
    return None, None


_IDENT = re.compile(r"^\s*ident=.*\buid=(-?[0-9]{1,10}) set=(\S+) tag=(0x[0-9a-f]{1,8})\s*$")
_TYPE = re.compile(r"\btype=(\w+)")
_BUCKET = re.compile(r"^\s*(?:st|bucketStart)=[0-9]+ .*")
_RECEIVED = re.compile(r"\b(?:rb|rxBytes)=([0-9]{1,18})\b")
_SENT = re.compile(r"\b(?:tb|txBytes)=([0-9]{1,18})\b")
_VPN = {"17", "VPN"}  # what went through a tunnel is counted below it, too


def bytes_of(dump: str, uid: int) -> tuple[int | None, int | None]:
    """Return (bytes up, bytes down) of `uid` in what ``dumpsys netstats detail`` printed.

    Of its section "UID stats", the untagged rows of real networks; (None, None) where there is no
    such section. Android 6 to 16 write it in this form (rb= since 7, rxBytes= before).
    """
    up = down = 0
    inside = ours = seen = False
    for line in dump.splitlines():
        if line and not line[0].isspace():
            inside = line.startswith("UID stats")
            seen = seen or inside
            ours = False
        elif inside and (found := _IDENT.match(line)):
            kind = _TYPE.search(line)
            ours = (
                int(found[1]) == uid
                and int(found[3], 16) == 0
                and (kind is None or kind[1] not in _VPN)
            )
        elif ours and _BUCKET.match(line):
            sent, received = _SENT.search(line), _RECEIVED.search(line)
            up += int(sent[1]) if sent else 0
            down += int(received[1]) if received else 0
    return (up, down) if seen else (None, None)
