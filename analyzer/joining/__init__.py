"""How a phone joins: the tunnel, the certificate authority, codes to scan, a page that explains.

`prepare_join` makes everything that one arm's phone needs; `qr` shows it in a terminal,
`page` on the set-up page. mitmproxy is not imported here: it gets a mode and a key file.
"""

from __future__ import annotations

from analyzer.joining.authority import Authority
from analyzer.joining.join import MODES, Join, Mode, prepare_join
from analyzer.joining.wireguard import ClientConfig

__all__ = ["MODES", "Authority", "ClientConfig", "Join", "Mode", "prepare_join"]
