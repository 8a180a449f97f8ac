"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from reports.chromium import find_chromium

# How long an example takes says more of what else the machine does than of this program.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

if TYPE_CHECKING:
    from capture_rig import Server
    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder for the tests: they sign with a key of their own, not with that of the user."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_DATA_HOME", str(folder))
        patched.delenv("EVENHAND_KEY", raising=False)
        yield folder


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


GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what the goldens ought to be"
    )


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: a compressed body holds the time, and names have to last."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with tests/golden/<name>, or write it there under --update-golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs: see --update-golden"

    return check


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the proxy of a file of tests keeps its certificate authority."""
    return tmp_path_factory.mktemp("conf")


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app's servers, for a file of tests."""
    from capture_rig import Server

    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The app's servers, whose log is that of this test."""
    shared_server.log.clear()
    return shared_server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, driven by Playwright; it shares nothing with the user's.

    Not for the whole run: as long as it lives, Playwright's event loop is the thread's, and tests
    that run one of their own cannot.
    """
    found = find_chromium()
    if found is None:
        reason = "no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    quiet = ("background-networking", "component-update", "sync", "gpu", "dev-shm-usage")
    arguments = ["--no-first-run", *(f"--disable-{each}" for each in quiet)]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root otherwise
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=arguments)
        yield chromium
        chromium.close()
