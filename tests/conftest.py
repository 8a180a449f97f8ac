"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real captures that are kept beside the project, not in it."""
    found = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not found.is_dir():
        reason = "the real captures (../shared/data) are not beside this checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
