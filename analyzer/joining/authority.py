"""The proxy's certificate authority, as it is given to phones: never with its key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from analyzer.errors import UserError


@dataclass(frozen=True, slots=True)
class Authority:
    """One certificate in both of its wrappings. `fingerprint` is the SHA-256, as phones show it."""

    name: str
    pem: bytes
    der: bytes
    fingerprint: str
    expires: str  # ISO 8601 date, UTC


def load_authority(path: Path) -> Authority:
    """Return the (first) certificate in the PEM file `path`.

    Only the certificate is taken over, so a file with the private key beside it leaks nothing.
    `UserError` if there is none.
    """
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
    except ValueError:
        raise _unusable(path, "it holds no certificate") from None
    digest = certificate.fingerprint(SHA256()).hex().upper()
    return Authority(
        name=str(names[0].value) if names else "certificate authority",
        pem=certificate.public_bytes(Encoding.PEM),
        der=certificate.public_bytes(Encoding.DER),
        fingerprint=":".join(digest[at : at + 2] for at in range(0, len(digest), 2)),
        expires=certificate.not_valid_after_utc.astimezone(UTC).date().isoformat(),
    )


def _unusable(path: Path, reason: str) -> UserError:
    return UserError(
        f"the proxy's certificate {path} cannot be used ({reason})",
        "start the proxy once: it makes one in the folder that --confdir names",
    )
