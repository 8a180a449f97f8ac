"""The key that seals are signed with, and the keys of others that are trusted (Ed25519).

The own key is made at its first use, in the data folder of the user (`$XDG_DATA_HOME/evenhand`, by
default `~/.local/share/evenhand`), or where `EVENHAND_KEY` says. It never lies inside a study: who
copies a study must not copy the key.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from analyzer.errors import UserError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE: Final = "EVENHAND_KEY"
Whose = Literal["own", "trusted", "unknown"]
_MOST_BYTES: Final = 16_384  # of a file with a key
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Key:
    """A private key that can sign. `public` are the 32 bytes of the public key."""

    public: bytes
    _private: Ed25519PrivateKey

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key, in hexadecimal digits."""
        return fingerprint(self.public)

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature of `content`."""
        return self._private.sign(content)


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of the 32 bytes of a public key, in hexadecimal digits."""
    return sha256(public).hexdigest()


def shown(fingerprint: str) -> str:
    """Return the beginning of a fingerprint, as it is shown to people."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, 16, 4))


def signs(public: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether `signature` is that of `content` by the key `public`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_file() -> Path:
    """Return where the own key lies, or would lie."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else _folder() / "key.pem"


def own_key(*, make: bool = True) -> Key:
    """Return the own key, which is made where there is none; `UserError` if that cannot be.

    With `make` False nothing is written: `UserError` where there is none.
    """
    file = key_file()
    try:
        if not file.exists():
            if not make:
                raise UserError("there is no key yet", "it is made when a session is sealed")
            _make(file)
        return _read(file)
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(f"there is no key in {file}: {why}", f"name one with {VARIABLE}") from None


def key_or_none() -> Key | None:
    """Return the own key, or None where there can be none: then nothing is signed."""
    try:
        return own_key()
    except UserError:
        return None


def own_fingerprint() -> str:
    """Return the fingerprint of the own key; "" where there is none. Nothing is written."""
    try:
        return own_key(make=False).fingerprint
    except UserError:
        return ""


def whose(fingerprint: str, own: str) -> Whose:
    """Tell whose key it is: that of `own_fingerprint`, one that was trusted, or of nobody known."""
    if own and fingerprint == own:
        return "own"
    try:
        return "trusted" if (_trusted() / f"{fingerprint}.pem").is_file() else "unknown"
    except OSError:
        return "unknown"


def public_pem(public: bytes) -> str:
    """Return a public key as PEM, as `openssl` reads it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return (
        Ed25519PublicKey.from_public_bytes(public)
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode("ascii")
    )


def trust(file: Path) -> str:
    """Trust the public key in the PEM `file` from now on; return its fingerprint."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    fix = "ask for what `evenhand key export` prints"
    try:
        with file.open("rb") as stream:
            found = serialization.load_pem_public_key(stream.read(_MOST_BYTES))
    except OSError as error:
        raise UserError(f"{file} cannot be read", error.strerror or str(error)) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UserError(f"{file} holds no public key", fix) from None
    if not isinstance(found, Ed25519PublicKey):
        raise UserError(f"{file} holds a key of another kind than Ed25519", fix)
    public = found.public_bytes_raw()
    name = fingerprint(public)
    try:
        _trusted().mkdir(parents=True, exist_ok=True, mode=0o700)
        (_trusted() / f"{name}.pem").write_text(public_pem(public), encoding="ascii")
    except OSError as error:
        raise UserError(f"{_trusted()} cannot be written", error.strerror or str(error)) from None
    return name


def _folder() -> Path:
    named = os.environ.get("XDG_DATA_HOME", "")
    # The standard says that a relative path there is to be ignored.
    base = Path(named) if named.startswith("/") else Path("~/.local/share").expanduser()
    return base / "evenhand"


def _trusted() -> Path:
    return _folder() / "trusted"


def _read(file: Path) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _refuse_studies(file)
    with file.open("rb") as stream:
        content = stream.read(_MOST_BYTES)
    try:
        found = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UserError(
            f"{file} holds no private key without a password", "move it away: another is made"
        ) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise UserError(
            f"{file} holds a key of another kind than Ed25519", "move it away: another is made"
        )
    return Key(found.public_key().public_bytes_raw(), found)


def _make(file: Path) -> None:
    """Make a key, whole or not at all; where another process was faster, its key stays."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _refuse_studies(file)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    part = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, _OWNER_ONLY)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink(missing_ok=True)


def _refuse_studies(file: Path) -> None:
    for folder in file.resolve().parents:
        if (folder / "study.toml").exists():
            raise UserError(
                f"the key {file} lies inside the study {folder.name}",
                "keep it elsewhere: whoever copies the study must not copy the key",
            )
