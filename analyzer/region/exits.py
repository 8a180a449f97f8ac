"""Asks offline databases for the country of an address (MaxMind DB format, by way of maxminddb).

They disagree just where it matters, at the addresses of VPNs: so every database is asked, and each
answer names its database and the day on which that was built.
"""

from __future__ import annotations

import datetime
import importlib.util
import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from analyzer.errors import UserError

if TYPE_CHECKING:
    import maxminddb

_INSTALL = "pip install 'evenhand[geo]'"
_COUNTRY = re.compile(r"[A-Z]{2}")
# Not countries: unknown, anonymous, of a continent as a whole, reserved.
_NONE = frozenset({"A1", "A2", "AP", "EU", "O1", "QM", "T1", "XX", "ZZ"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one database says of an address. `country` is "" unless it is `known`."""

    source: str  # "geo:<file name> <build date>"
    country: str  # ISO 3166-1 alpha-2
    state: Literal["known", "unknown", "damaged"]


@dataclass(frozen=True, slots=True)
class _Database:
    source: str
    reader: maxminddb.Reader


class Databases:
    """Open databases; use as a context manager, or call `close`."""

    def __init__(self, opened: Sequence[_Database]) -> None:
        self._opened = tuple(opened)

    @property
    def sources(self) -> tuple[str, ...]:
        """The name and the build date of each, as in `Answer.source`."""
        return tuple(each.source for each in self._opened)

    def locate(self, ip: str) -> tuple[tuple[str, str], ...]:
        """Return (country, source) of each database that knows `ip`; none for what is no address.

        This is what `addons.exits.ExitCheck` wants.
        """
        return tuple(
            (each.country, each.source) for each in self.answers(ip) if each.state == "known"
        )

    def answers(self, ip: str) -> tuple[Answer, ...]:
        """Return the answer of every database, in order; none for what is no address."""
        try:
            address = ipaddress.ip_address(ip.strip())
        except ValueError:
            return ()
        return tuple(_answer(each, address) for each in self._opened)

    def close(self) -> None:
        """Close the files."""
        for each in self._opened:
            each.reader.close()

    def __enter__(self) -> Databases:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self.close()


def open_databases(paths: Sequence[Path]) -> Databases:
    """Open the databases at `paths`, in order; `UserError` for the first that is none.

    Without `paths`, those that `found_databases` finds, which may be none.
    """
    paths = paths or found_databases()
    if not paths:
        return Databases(())
    need_reader()
    import maxminddb  # noqa: PLC0415 - an extra that not everybody has

    opened: list[_Database] = []
    for path in paths:
        try:
            reader = maxminddb.open_database(path)
        except OSError as error:
            raise UserError(f"{path} cannot be read", error.strerror or str(error)) from None
        except (maxminddb.InvalidDatabaseError, ValueError, UnicodeDecodeError):
            raise UserError(
                f"{path} is not a MaxMind database",
                "name a file that ends in .mmdb, or run `evenhand geo fetch`",
            ) from None
        opened.append(_Database(_source(path, reader.metadata().build_epoch), reader))
    return Databases(opened)


def need_reader() -> None:
    """Raise `UserError` where databases cannot be read for want of the extra."""
    if importlib.util.find_spec("maxminddb") is None:
        raise UserError("maxminddb, which reads databases, is not installed", _INSTALL)


def found_databases(folder: Path | None = None) -> tuple[Path, ...]:
    """Return the databases in `folder` (default: `data_folder()`), by name."""
    return tuple(sorted((folder or data_folder()).glob("*.mmdb")))


def data_folder() -> Path:
    """Return where `evenhand geo fetch` puts databases (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home and Path(home).is_absolute() else Path("~/.local/share").expanduser()
    return base / "evenhand" / "geo"


def _answer(database: _Database, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Answer:
    import maxminddb  # noqa: PLC0415 - as above

    try:
        record = database.reader.get(address)
    except ValueError:  # an IPv6 address asked of a database of IPv4
        return Answer(database.source, "", "unknown")
    except (maxminddb.InvalidDatabaseError, UnicodeDecodeError):
        return Answer(database.source, "", "damaged")
    country = _country(record)
    return Answer(database.source, country, "known" if country else "unknown")


def _country(record: object) -> str:
    """Return the country of a record: `country_code`, or `iso_code` in `country`; "" for none."""
    if not isinstance(record, dict):
        return ""
    within = record.get("country")
    code = record.get("country_code") or (
        within.get("iso_code") if isinstance(within, dict) else within
    )
    if not isinstance(code, str):
        return ""
    upper = code.strip().upper()
    return upper if _COUNTRY.fullmatch(upper) and upper not in _NONE else ""


def _source(path: Path, built: int) -> str:
    """Return how answers of a database are signed: "geo:" its name, and the day of its making."""
    name = re.sub(r"[^A-Za-z0-9_.+-]", "_", path.name)[:80]
    try:
        day = datetime.datetime.fromtimestamp(built, datetime.UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        day = "undated"
    return f"geo:{name} {day}"
