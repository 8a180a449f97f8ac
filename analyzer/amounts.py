"""Numbers as people read them."""


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
