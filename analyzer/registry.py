"""Things that are added by adding a file: readers, decoders, exporters.

A folder of modules, a registry, a decorator. Importing the folder fills the registry, so that a new
entry is a new file and no list has to be extended.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named entries of one kind, filled by importing every module of the package `folder`.

    >>> shades: Registry[str] = Registry("analyzer.no_such_folder")
    >>> shades.register("dark")("#000")
    '#000'
    >>> shades.register("dark")("#111")
    Traceback (most recent call last):
    ValueError: 'dark' is registered twice in analyzer.no_such_folder
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._entries: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return the decorator that enters a thing under `name`; `ValueError` if it is taken."""

        def enter(entry: T) -> T:
            if name in self._entries:
                raise ValueError(f"{name!r} is registered twice in {self._folder}")
            self._entries[name] = entry
            return entry

        return enter

    def entries(self) -> dict[str, T]:
        """Return every entry, by name in order; imports the folder the first time."""
        if not self._loaded:
            package = importlib.import_module(self._folder)
            for module in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
                importlib.import_module(f"{self._folder}.{module}")
            self._loaded = True
        return dict(sorted(self._entries.items()))
