"""Time-stamps of seals by RFC 3161: an authority signs that it saw a hash at a time.

Only `request` and `take` are for the network's side, and neither sends anything. All else works
without a network, with `rfc3161-client` (the extra `timestamp`).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analyzer.errors import UserError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

MOST_BYTES: Final = 1 << 18  # of an answer
_NONE: Final = "is no time-stamp, or was changed"
_INSTALL: Final = "install it with `pip install evenhand[timestamp]`"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time-stamp says: when (ISO 8601, UTC), by whom, and what was checked of it."""

    time: str
    authority: str
    checked: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to an authority: the hash of the content, and a number that is asked back."""

    content: bytes
    nonce: int | None
    encoded: bytes


def available() -> bool:
    """Whether the library is there."""
    from importlib.util import find_spec

    return find_spec("rfc3161_client") is not None


def request(content: bytes) -> Request:
    """Return the request for a time-stamp of `content`; `UserError` without the library."""
    if not available():
        raise UserError("time-stamps need the library rfc3161-client", _INSTALL)
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    made = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    return Request(content, made.nonce, made.as_bytes())


def take(asked: Request, answer: bytes) -> bytes:
    """Return the time-stamp in an authority's `answer`; `UserError` where it is not the one."""
    response = _decoded(answer)
    if response is None:
        raise UserError("the answer is no time-stamp", "look at the authority's URL")
    if response.status != 0:
        raise UserError(
            f"the authority refused (status {response.status})", "ask it, or take another"
        )
    said = response.tst_info
    if (said.message_imprint.message, said.nonce) != (_imprint(asked.content), asked.nonce):
        raise UserError("the answer is a time-stamp of something else", "take another authority")
    return answer


def _imprint(content: bytes) -> bytes:
    return sha256(content).digest()


def check(stamp: bytes, content: bytes, trusted: Path | None = None) -> tuple[str, Stamp | None]:
    """Check a time-stamp of `content`; return what is wrong ("": nothing), and what it says.

    Its signature and chain are checked up to the certificates of the PEM file `trusted`; without
    one, with those that it brings itself: then nobody vouches for them, which `Stamp.checked` says.
    """
    if not available():
        return "", Stamp("", "", f"not checked: the library rfc3161-client is missing; {_INSTALL}")
    anchors = _certificates(trusted) if trusted else []
    try:
        return _check(stamp, content, anchors, trusted.name if trusted else "")
    except _unreadable():
        return _NONE, None


def _check(
    stamp: bytes, content: bytes, anchors: list[Certificate], anchored: str
) -> tuple[str, Stamp | None]:
    from rfc3161_client import VerificationError, VerifierBuilder

    response = _decoded(stamp)
    if response is None:
        return _NONE, None
    if response.tst_info.message_imprint.message != _imprint(content):
        return "is not a time-stamp of this seal, or was changed", None
    brought = _brought(response)
    name = _signer(response, brought)
    moment = response.tst_info.gen_time.isoformat().replace("+00:00", "Z")
    if not anchors and not brought:
        return "", Stamp(
            moment, name, "its signature was not checked: it brings no certificate; give one"
        )
    # What is called an intermediate certificate there is trusted as well: so none is given.
    verifier = VerifierBuilder(roots=anchors or brought).build()
    try:
        verifier.verify_message(response, content)
    except VerificationError:
        if not anchors and _is_signed_elsewhere(brought):
            told = "its signature was not checked: the certificate above its own is not in it"
            return "", Stamp(moment, name, f"{told}; give that with --tsa-certificate")
        return f"is not valid by {anchored or 'its own certificates'}, or was changed", None
    told = (
        f"signature and certificates checked up to {anchored}"
        if anchors
        else "signature checked with the certificates that it brings; nobody vouches for these"
        " (give the authority's with --tsa-certificate)"
    )
    return "", Stamp(moment, name, told)


def _decoded(stamp: bytes) -> TimeStampResponse | None:
    from rfc3161_client import decode_timestamp_response

    try:
        found = decode_timestamp_response(stamp)
        return found if found.as_bytes() == stamp else None
    except _unreadable():
        return None


def _unreadable() -> tuple[type[Exception], ...]:
    """Return what reading a time-stamp raises that is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import DuplicateExtension, InvalidVersion

    return DuplicateExtension, InvalidVersion, UnsupportedAlgorithm, LookupError, ValueError


def _brought(response: TimeStampResponse) -> list[Certificate]:
    from cryptography.x509 import load_der_x509_certificate

    found = [load_der_x509_certificate(each) for each in response.signed_data.certificates]
    return sorted(found, key=lambda each: each.serial_number)


def _signer(response: TimeStampResponse, brought: list[Certificate]) -> str:
    """Return the name of the authority: in its certificate, else as whoever issued that."""
    for info in response.signed_data.signer_infos:
        for each in brought:
            if (each.issuer, each.serial_number) == (info.issuer, info.serial_number):
                return str(each.subject.rfc4514_string())
        return f"a key certified by {info.issuer.rfc4514_string()}"
    return "nobody"


def _is_signed_elsewhere(brought: list[Certificate]) -> bool:
    """Whether none of the certificates is signed by itself: then the chain's end is missing."""
    return all(each.issuer != each.subject for each in brought)


def _certificates(file: Path) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise UserError(f"{file} cannot be read", error.strerror or str(error)) from None
    except ValueError:
        raise UserError(f"{file} holds no certificate (PEM)", "name the authority's") from None
