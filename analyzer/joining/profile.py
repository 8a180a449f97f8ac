"""The configuration profile that an iPhone installs: certificate authority and tunnel in one.

Keys of the VPN payload: wireguard-apple, MOBILECONFIG.md; of the others: Apple, Configuration
Profile Reference. A profile does not make iOS trust the authority: that stays a switch by hand.
"""

from __future__ import annotations

import plistlib
import uuid
from typing import Any

from analyzer.joining.authority import Authority
from analyzer.joining.wireguard import ClientConfig

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:evenhand:phone-profile")
_NAME = 60  # characters of a name that a phone shows
_CONSENT = (
    "For a test phone only. While the tunnel is on, everything this phone sends goes through "
    "the researcher's computer, which can read it and records it. Remove the profile when the "
    "tests are over."
)


def mobileconfig(study: str, arm: str, authority: Authority, tunnel: ClientConfig | None) -> bytes:
    """Return the profile as an XML property list, unsigned; without `tunnel` only the authority.

    Identifiers depend on study and arm alone: installing it again replaces what was there.
    """
    payloads = [_authority(study, arm, authority)]
    if tunnel:
        payloads.append(_tunnel(study, arm, tunnel))
    return plistlib.dumps(
        _payload("Configuration", study, arm, "profile")
        | {
            "PayloadDisplayName": f"evenhand {shown(arm)}",
            "PayloadDescription": f"Test phone {shown(arm)} of the study {shown(study)}",
            "PayloadOrganization": "evenhand",
            "PayloadRemovalDisallowed": False,
            "ConsentText": {"default": _CONSENT},
            "PayloadContent": payloads,
        }
    )


def shown(name: str) -> str:
    """Return a name without what a phone cannot or should not show, cut to a line's length."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name)[
        :_NAME
    ]


def _authority(study: str, arm: str, authority: Authority) -> dict[str, Any]:
    return _payload("com.apple.security.root", study, arm, "authority") | {
        "PayloadDisplayName": f"Certificate authority {shown(authority.name)}",
        "PayloadCertificateFileName": "evenhand-ca.cer",
        "PayloadContent": authority.der,
    }


def _tunnel(study: str, arm: str, tunnel: ClientConfig) -> dict[str, Any]:
    return _payload("com.apple.vpn.managed", study, arm, "tunnel") | {
        "PayloadDisplayName": "VPN",
        "UserDefinedName": f"evenhand {shown(arm)}",
        "VPNType": "VPN",
        "VPNSubType": "com.wireguard.ios",
        "VendorConfig": {"WgQuickConfig": tunnel.text},
        "VPN": {"RemoteAddress": tunnel.endpoint, "AuthenticationMethod": "Password"},
    }


def _payload(kind: str, study: str, arm: str, what: str) -> dict[str, Any]:
    """Return the entries that every payload has."""
    # The separator is in no name: two studies cannot end up with the same identifier.
    identity = uuid.uuid5(_SPACE, "\0".join((study, arm, what)))
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"evenhand.{what}.{identity}",
        "PayloadUUID": str(identity).upper(),
    }
