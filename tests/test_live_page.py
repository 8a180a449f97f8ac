"""Who may read the local page and mark a phase, and who may not: without a browser."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from live_rig import Recording, record_now, stepped_study

from analyzer.errors import UserError
from analyzer.live.page import live_app
from analyzer.live.serving import page_server, serve_pages, serve_until_ended
from analyzer.local_page import HERE, new_token
from analyzer.readers.bundle import read_steps
from analyzer.study import Study

TOKEN = "a-token-that-nobody-guesses"
HOST = "127.0.0.1:8123"
HERE_ON_IT = {"Host": HOST}
ORIGIN = {"Host": HOST, "Origin": f"http://{HOST}"}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return stepped_study(tmp_path)


@pytest.fixture
def recording(study: Study) -> Recording:
    return record_now(study)


@pytest.fixture
def client(study: Study, recording: Recording) -> FlaskClient:
    return live_app(study, [recording.path], TOKEN).test_client()


def steps(recording: Recording) -> list[str]:
    return [name for _, name in read_steps(recording.path)]


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:9", "[::1]:8123"])
def test_this_machine_by_any_of_its_names_may_read(client: FlaskClient, host: str) -> None:
    assert client.get(f"/{TOKEN}/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example:8123", "127.0.0.1.evil.example:80", "10.0.0.1:8123"]
)
@pytest.mark.parametrize("path", [f"/{TOKEN}/", f"/{TOKEN}/snapshot.json", "/"])
def test_another_name_that_leads_here_may_not(client: FlaskClient, host: str, path: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/wrong/", "/wrong/snapshot.json", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", "/é/"]
)
def test_without_the_token_there_is_nothing(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=HERE_ON_IT)
    assert answer.status_code == 404
    assert "KE-13" not in answer.text


def test_a_step_needs_the_pages_own_origin_and_a_phase_of_the_study(
    client: FlaskClient, recording: Recording
) -> None:
    form = {"phase": "consent"}
    refused: list[dict[str, str]] = [
        HERE_ON_IT,
        ORIGIN | {"Origin": "null"},
        ORIGIN | {"Origin": "http://evil.example"},
        ORIGIN | {"Origin": "http://127.0.0.1:9999"},
        ORIGIN | {"Origin": f"https://{HOST}"},
    ]
    for headers in refused:
        assert client.post(f"/{TOKEN}/step", data=form, headers=headers).status_code == 403
    assert client.post("/wrong/step", data=form, headers=ORIGIN).status_code == 404
    assert client.get(f"/{TOKEN}/step?phase=consent", headers=ORIGIN).status_code == 404
    for phase in ("", "elsewhere", "<b>"):
        answer = client.post(f"/{TOKEN}/step", data={"phase": phase}, headers=ORIGIN)
        assert answer.status_code == 400
    assert steps(recording) == ["first launch"]
    answer = client.post(f"/{TOKEN}/step", data=form, headers=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{TOKEN}/")
    client.post(f"/{TOKEN}/step", data=form, headers=ORIGIN)  # a double click
    assert steps(recording) == ["first launch", "consent"]


def test_a_step_after_the_end_is_refused(client: FlaskClient, recording: Recording) -> None:
    recording.writer.close("stopped")
    answer = client.post(f"/{TOKEN}/step", data={"phase": "consent"}, headers=ORIGIN)
    assert answer.status_code == 409


def test_every_answer_forbids_what_a_page_could_do(client: FlaskClient) -> None:
    for path in (f"/{TOKEN}/", f"/{TOKEN}/snapshot.json", "/wrong/"):
        headers = client.get(path, headers=HERE_ON_IT).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_page_allows_its_own_script_only_and_another_each_time(client: FlaskClient) -> None:
    nonces = set()
    for _ in range(2):
        answer = client.get(f"/{TOKEN}/", headers=HERE_ON_IT)
        [nonce] = re.findall(
            r"script-src 'nonce-([^']+)'", answer.headers["Content-Security-Policy"]
        )
        assert f'<script nonce="{nonce}">' in answer.text
        assert answer.text.count("<script") == 1
        nonces.add(nonce)
    assert len(nonces) == 2


def test_a_bundle_that_cannot_be_read_is_one_line(
    client: FlaskClient, recording: Recording
) -> None:
    (recording.path / "session.json").write_text("{")
    answer = client.get(f"/{TOKEN}/", headers=HERE_ON_IT)
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert "Traceback" not in answer.text


# the server


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((HERE, 0)) as listening:
        yield listening.getsockname()[1]


def test_a_port_that_is_taken_is_a_mistake(
    study: Study, recording: Recording, taken_port: int
) -> None:
    with pytest.raises(UserError, match=f"port {taken_port} cannot be used"):
        page_server(study, [recording.path], port=taken_port, token=TOKEN)


def test_it_listens_on_this_machine_only_serves_its_neighbour_and_ends_with_the_session(
    study: Study, recording: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    def neighbour(environ: object, start: object) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
        return [b"how to join"]

    token = new_token()
    server = page_server(
        study,
        [recording.path],
        port=0,
        token=token,
        beside={"/setup": neighbour},
        setup="/setup/x/",
    )
    assert server.socket.getsockname()[0] == HERE
    serving = threading.Thread(target=serve_until_ended, args=(server, study, [recording.path]))
    serving.start()
    base = f"http://{HERE}:{server.port}"
    with urllib.request.urlopen(f"{base}/{token}/", timeout=10) as answer:
        assert 'href="/setup/x/">Set-up: join a phone<' in answer.read().decode()
    with urllib.request.urlopen(f"{base}/setup/x/", timeout=10) as answer:
        assert answer.read() == b"how to join"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{base}/", timeout=10)
    recording.writer.close("stopped")
    serving.join(30)
    assert not serving.is_alive()
    server.server_close()
    assert token not in "".join(capfd.readouterr())
    assert len(token) >= 22  # 128 bits
    assert new_token() != token


def how_to_join() -> Flask:
    """Another page, as `analyzer.joining` makes one."""
    app = Flask("joining", static_folder=None)
    app.add_url_rule("/x/", view_func=lambda: "how to join")
    return app


def child(study: Study, recording: Recording, port: int) -> tuple[SpawnProcess, int | str]:
    """Start the page as a recorder does; return the process and what it says first."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=serve_pages,
        args=(study.root, [recording.path.name]),
        kwargs={
            "port": port,
            "token": TOKEN,
            "beside": {"/setup": how_to_join},
            "setup": "/setup/x/",
            "ready": there,
        },
    )
    process.start()
    there.close()
    assert here.poll(60)
    said: int | str = here.recv()
    return process, said


def test_a_recorder_can_have_the_page_in_a_child_that_ctrl_c_does_not_end(
    study: Study, recording: Recording
) -> None:
    process, port = child(study, recording, 0)
    assert process.pid
    os.kill(process.pid, signal.SIGINT)
    for path, words in ((f"/{TOKEN}/", "KE-13"), ("/setup/x/", "how to join")):
        with urllib.request.urlopen(f"http://{HERE}:{port}{path}", timeout=10) as answer:
            assert words in answer.read().decode()
    recording.writer.close("stopped")
    process.join(30)
    assert process.exitcode == 0


def test_a_child_says_why_it_cannot_serve(
    study: Study, recording: Recording, taken_port: int
) -> None:
    process, said = child(study, recording, taken_port)
    assert f"port {taken_port} cannot be used" in str(said)
    process.join(30)
    assert process.exitcode == 0
