"""Numbers as people read them, and bytes as they are counted."""


def size(number: float) -> str:
    """Return a number of bytes in the unit that leaves up to three digits before the point.

    >>> size(999), size(1500), size(2.5e9)
    ('999 B', '1.5 kB', '2.5 GB')
    """
    if number < 1000:
        return f"{number:.0f} B"
    for unit in ("kB", "MB"):
        number /= 1000
        if number < 1000:
            return f"{number:.1f} {unit}"
    return f"{number / 1000:.1f} GB"


def number(count: int, what: str) -> str:
    """Return a count with its noun.

    >>> number(1, "session"), number(12, "session")
    ('1 session', '12 sessions')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def asked(method: str, url: str) -> int:
    """Return the bytes of a request's method and address: much of what trackers get is there.

    Without scheme and host, as they are on the wire; 0 of a message of a WebSocket.
    """
    if method == "WS":
        return 0
    _, _, rest = url.partition("://")
    places = [place for mark in "/?" if (place := rest.find(mark)) >= 0]
    target = rest[min(places) :] if places else "/"
    return len(method) + len(target.encode("utf-8", "replace"))
