"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Give back what the C library keeps of freed memory, where it can be told to (glibc).

    To compile a search takes 60 MB for a moment, and nothing that comes after would use them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
