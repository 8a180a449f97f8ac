"""A data type for tests that need only its names and shapes."""

from __future__ import annotations

from analyzer.knowledge import DataType


def data_type(own: str, *names: str, shapes: tuple[str, ...] = ()) -> DataType:
    return DataType(
        id=own,
        group="group",
        label=own,
        meaning=own,
        dpv="",
        diffaudit="",
        trackhar=(),
        google_play="",
        apple="",
        names=names,
        shapes=shapes,
        grade="S",
        counts_as_data=True,
    )
