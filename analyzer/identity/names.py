"""Places where a random value names something else than a person or a phone.

A request, an event, an advertisement, a key of the app, a signature: all look like identifiers.
Their names tell them apart, and where those do not, that they are many at one place (`collector`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from analyzer.knowledge import normal_name
from analyzer.models import Part

# How normalised names of keys end ...
_ENDING_WORDS: Final = (
    "requestid reqid traceid spanid traceparent tracestate correlationid nonce signature"
    " checksum filehash contenthash bodyhash filemd5 etag integrity csrf csrftoken xsrftoken"
    " xsrf apikey appkey branchkey writekey appid apptoken accesstoken sdkkey appsecret"
    " clientsecret clientkey projectid measurementid buildid buildnumber packagename bundleid"
    " dsn certificate messageid msgid eventid batchid videoid itemid contentid creativeid"
    " campaignid adgroupid impressionid impid auctionid bidid transactionid txnid orderid logid"
    " captcha codeverifier codechallenge boundary cachebuster idempotencykey placementid zoneid"
    " slotid unitid"
)
_ENDS: Final = tuple(_ENDING_WORDS.split())
# ... and what they are as a whole: a hash of an e-mail address is another matter.
_WHOLE_WORDS: Final = "cert challenge hash md5 sha1 sha256 sig sign state ver version"
_WHOLE: Final = frozenset(_WHOLE_WORDS.split())
# Of headers only these, those that begin with "x-", and the URLs inside them are looked at.
_HEADERS: Final = frozenset({"referer", "origin"})
_RESPONSE_HEADERS: Final = frozenset({"location", "refresh"})
# Beyond the endings above: what networks, caches and signing clients add to each request.
_OTHER_HEADERS: Final = re.compile(
    r"x-(?:amz|amzn|devtools|goog-api|b3|datadog|newrelic|sentry|cloud-trace|envoy|client-data|android-cert|"
    r"gorgon|argus|ladon|khronos|medusa|helios|ss-stub|bogus|csrf|xsrf|cache|cdn|edge|served|timer|"
    r"firebase-appcheck|requested-with|hash|signature|nonce)"
)
_INDEX: Final = re.compile(r"(?:^|(?<=\.))[0-9]+(?=\.|$)")


def may_identify(part: Part, path: str) -> bool:
    """Tell whether an untyped value at this place can be an identifier of a person or a phone.

    >>> may_identify("query", "uid"), may_identify("query", "request_id")
    (True, False)
    """
    if part in ("header", "response_header"):
        name = path.partition(".")[0]
        if part == "response_header":
            if name not in _RESPONSE_HEADERS:
                return False
        elif name not in _HEADERS and (name[:2] != "x-" or _OTHER_HEADERS.match(name)):
            return False
    key = normal_name(path.rpartition(".")[2])
    return key not in _WHOLE and not key.endswith(_ENDS)


@lru_cache(8192)
def place_of_value(part: Part, path: str) -> str:
    """Return `path` without positions in lists, "" where no untyped identifier can stand.

    All entries of a list stand at one place.

    >>> place_of_value("response", "items.17.uid"), place_of_value("path", "2")
    ('items.*.uid', '2')
    >>> place_of_value("body", "request_id")
    ''
    """
    if not may_identify(part, path):
        return ""
    return path if part == "path" else _INDEX.sub("*", path) or "*"
