"""Both pages over HTTP: who gets what, and who gets nothing."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from flask.testing import FlaskClient
from joining_rig import HOSTILE, phone

from analyzer.errors import UserError
from analyzer.joining import Join
from analyzer.joining.page import phone_app, setup_app
from analyzer.joining.serving import Served, serve

TOKEN = "of-the-operator"
BASE = "http://192.168.1.20:8090"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/16.5 Mobile/15E148 Safari/604.1"
)
PIXEL = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Mobile Safari/537.36"
)


@pytest.fixture(scope="module")
def joins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Join, ...]:
    folder = tmp_path_factory.mktemp("phones")
    return (
        phone(folder, app_id="com.pebblo.app"),
        phone(folder, "DE-13", port=51822),
        phone(folder, "BR-13", mode="regular", port=8080),
    )


@pytest.fixture
def phones(joins: tuple[Join, ...]) -> FlaskClient:
    return phone_app(joins).test_client()


@pytest.fixture
def operator(joins: tuple[Join, ...]) -> FlaskClient:
    return setup_app(joins, token=TOKEN, phone_base=BASE).test_client()


def secret(join: Join) -> str:
    found = re.search("PrivateKey = (.*)", join.android)
    assert found
    return found[1]


# what a phone gets


def test_an_iphone_gets_its_profile(phones: FlaskClient, joins: tuple[Join, ...]) -> None:
    answer = phones.get(f"/{joins[0].token}/evenhand.mobileconfig")
    assert answer.data == joins[0].profile
    assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    assert "Content-Disposition" not in answer.headers


def test_an_android_gets_its_tunnel_as_a_file(phones: FlaskClient, joins: tuple[Join, ...]) -> None:
    for name, text in (("KE-13", joins[0].android), ("KE-13-all", joins[0].android_whole)):
        answer = phones.get(f"/{joins[0].token}/{name}.conf")
        assert answer.text == text
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.conf"'
    assert phones.get(f"/{joins[1].token}/DE-13.conf").text == joins[1].android
    assert phones.get(f"/{joins[1].token}/DE-13-all.conf").status_code == 404
    assert phones.get(f"/{joins[2].token}/BR-13.conf").status_code == 404


def test_every_phone_gets_the_certificate_and_never_its_key(
    phones: FlaskClient, joins: tuple[Join, ...]
) -> None:
    for name, kind in (
        ("evenhand-ca.crt", "application/x-x509-ca-cert"),
        ("evenhand-ca.cer", "application/x-x509-ca-cert"),
        ("evenhand-ca.pem", "application/x-pem-file"),
    ):
        answer = phones.get(f"/{joins[2].token}/{name}")
        assert answer.mimetype == kind
        assert b"PRIVATE" not in answer.data
        load = (
            x509.load_pem_x509_certificate
            if name.endswith("pem")
            else x509.load_der_x509_certificate
        )
        assert load(answer.data).subject.rfc4514_string() == "CN=mitmproxy"


def test_the_pages_own_links_all_lead_somewhere(
    phones: FlaskClient, joins: tuple[Join, ...]
) -> None:
    for join in joins:
        page = phones.get(f"/{join.token}/").text
        links = set(re.findall(r'href="([^"]+)"', page))
        assert "http://phone.check/" in links
        for link in links - {"http://phone.check/"}:
            assert phones.get(f"/{join.token}/{link}").status_code == 200, link


def test_no_phone_gets_what_is_anothers(phones: FlaskClient, joins: tuple[Join, ...]) -> None:
    for path in ("", "evenhand.mobileconfig", "KE-13.conf", "KE-13-all.conf"):
        answer = phones.get(f"/{joins[0].token}/{path}")
        assert answer.status_code == 200
        assert secret(joins[1]).encode() not in answer.data
        assert joins[1].token.encode() not in answer.data
    assert phones.get(f"/{joins[1].token}/KE-13.conf").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/", "/x/", "/x", "/{token}x/", "/{token}/x", "/{token}/../evenhand-ca.pem",
        "/{token}/mitmproxy-ca.pem", "/{token}/KE-13.conf/", "/static/x", "/evenhand.mobileconfig",
        "//{token}/", "/%00/", "/{token}/%2e%2e/x", "/é/evenhand.mobileconfig", "/favicon.ico",
        "/" + TOKEN + "/",
    ],
)  # fmt: skip
def test_everything_else_is_not_found(
    path: str, phones: FlaskClient, joins: tuple[Join, ...]
) -> None:
    answer = phones.get(path.replace("{token}", joins[0].token), follow_redirects=True)
    assert answer.status_code == 404
    assert secret(joins[0]).encode() not in answer.data


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE"])
def test_nothing_can_be_changed(
    method: str, phones: FlaskClient, operator: FlaskClient, joins: tuple[Join, ...]
) -> None:
    assert phones.open(f"/{joins[0].token}/", method=method).status_code == 405
    assert operator.open(f"/{TOKEN}/", method=method).status_code == 405


def test_addresses_cannot_be_guessed(joins: tuple[Join, ...], tmp_path: Path) -> None:
    tokens = [join.token for join in (*joins, phone(tmp_path), phone(tmp_path))]
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch("[A-Za-z0-9_-]{22}", token) for token in tokens)


def test_the_steps_for_the_phone_that_asks_come_alone_and_open(
    phones: FlaskClient, joins: tuple[Join, ...]
) -> None:
    iphone = phones.get(f"/{joins[0].token}/", headers={"User-Agent": IPHONE}).text
    assert '<h2 id="android">' not in iphone
    assert re.findall(r'class="version" open>\s*<summary>([^<]+)', iphone) == ["iOS 15 and 16"]
    android = phones.get(f"/{joins[0].token}/", headers={"User-Agent": PIXEL}).text
    assert '<h2 id="ios">' not in android
    assert "Android 14 and later" in android
    assert re.findall(r'version" open>\s*<summary>([^<]+)', android) == ["Android 14 and later"]
    other = phones.get(f"/{joins[0].token}/", headers={"User-Agent": "x" * 100_000}).text
    assert '<h2 id="ios">' in other
    assert '<h2 id="android">' in other


# what the operator gets


def test_the_operator_sees_every_phone_and_where_to_send_it(
    operator: FlaskClient, joins: tuple[Join, ...]
) -> None:
    page = operator.get(f"/{TOKEN}/").text
    for join in joins:
        assert f"{BASE}/{join.token}/evenhand.mobileconfig" in page
    assert secret(joins[0]) in page
    assert page.count("<svg") == 5 + 4 + 2
    assert page.count("IncludedApplications = com.pebblo.app") == 1
    assert "http://phone.check/" in page


def test_a_single_phone_needs_no_tab(tmp_path: Path, operator: FlaskClient) -> None:
    page = setup_app([phone(tmp_path)], token=TOKEN).test_client().get(f"/{TOKEN}/").text
    assert 'name="arm"' not in page
    assert "<h1>Set-up: join a phone</h1>" in page
    assert operator.get(f"/{TOKEN}/").text.count('name="arm"') == 3


def test_a_phone_without_a_tunnel_is_led_to_the_proxy(tmp_path: Path) -> None:
    join = phone(tmp_path, mode="regular", host="192.168.1.77", port=8123)
    page = setup_app([join], token=TOKEN).test_client().get(f"/{TOKEN}/").text
    assert "<dd>192.168.1.77</dd>" in page
    assert "<dd>8123</dd>" in page
    assert "Scan from QR code" not in page
    assert "http://mitm.it" in page  # there is no page for phones
    assert "<svg" not in page


@pytest.mark.parametrize("mode", ["socks5", "transparent"])
def test_each_mode_has_its_words(mode: str, tmp_path: Path) -> None:
    join = phone(tmp_path, mode=mode, port=8123)  # type: ignore[arg-type]
    page = setup_app([join], token=TOKEN, phone_base=BASE).test_client().get(f"/{TOKEN}/").text
    assert f"Proxy ({mode}) at 192.168.1.20:8123" in page


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:8080", 200), ("localhost:8080", 200), ("[::1]:8080", 200), ("localhost", 200),
        ("127.0.0.1", 200), ("evil.example", 403), ("evil.example:8080", 403), ("", 403),
        ("localhost.evil.example", 403), ("192.168.1.20:8080", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost@evil.example", 403), ("evil.example/127.0.0.1", 403),
        ("127.0.0.1:80:80:80", 403),
    ],
)  # fmt: skip
def test_another_hosts_name_gets_nothing(
    host: str, code: int, operator: FlaskClient, joins: tuple[Join, ...]
) -> None:
    answer = operator.get(f"/{TOKEN}/", headers={"Host": host})
    assert answer.status_code == code or (code == 403 and answer.status_code == 400)
    assert (secret(joins[0]) in answer.text) is (code == 200)


@pytest.mark.parametrize("path", ["/", "/x/", "/x/page.css", f"/{TOKEN}/x", f"/{TOKEN}x/"])
def test_who_does_not_know_the_address_gets_nothing(path: str, operator: FlaskClient) -> None:
    assert operator.get(path).status_code == 404


def test_neither_page_lets_anything_in_or_remembers(
    operator: FlaskClient, phones: FlaskClient, joins: tuple[Join, ...]
) -> None:
    for answer in (
        operator.get(f"/{TOKEN}/"),
        operator.get("/x/"),
        phones.get(f"/{joins[0].token}/"),
        phones.get(f"/{joins[0].token}/KE-13.conf"),
        phones.get("/x/"),
    ):
        headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "script" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in headers
        assert "<script" not in answer.text


def test_names_are_text_on_both_pages(tmp_path: Path) -> None:
    join = phone(tmp_path, HOSTILE, study=HOSTILE)
    for page in (
        setup_app([join], token=TOKEN, phone_base=BASE).test_client().get(f"/{TOKEN}/").text,
        phone_app([join]).test_client().get(f"/{join.token}/").text,
    ):
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("arm", "name"),
    [("KE-13", "KE-13"), ("x" * 64, "x" * 15), ("Ä b/..", "--b-"), ("...", "phone")],
)
def test_a_tunnels_name_is_one_that_android_takes(arm: str, name: str, tmp_path: Path) -> None:
    join = phone(tmp_path, arm, app_id="com.pebblo.app")
    assert join.file_name == name
    page = phone_app([join]).test_client().get(f"/{join.token}/").text
    files = re.findall(r'href="([^"]+)\.conf"', page)
    assert len(set(files)) == 2
    assert all(re.fullmatch(r"[a-zA-Z0-9_=+.-]{1,15}", file) for file in files)


# serving


@pytest.fixture
def served(joins: tuple[Join, ...]) -> Iterator[Served]:
    server = serve(phone_app(joins), "127.0.0.1", 0)
    yield server
    server.close()


def ask(server: Served, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Server", ""), answer.read()
    finally:
        connection.close()


def test_a_phone_is_answered_and_nothing_is_logged(
    served: Served, joins: tuple[Join, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    status, software, content = ask(served, f"/{joins[0].token}/evenhand.mobileconfig")
    assert (status, content) == (200, joins[0].profile)
    assert software == "evenhand"
    assert ask(served, "/x/")[0] == 404
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_said_in_a_line(served: Served, joins: tuple[Join, ...]) -> None:
    with pytest.raises(UserError, match=r"cannot listen on 127\.0\.0\.1 port .*in use"):
        serve(phone_app(joins), "127.0.0.1", served.port)


def test_after_the_end_nobody_answers_and_the_port_is_free(joins: tuple[Join, ...]) -> None:
    server = serve(phone_app(joins), "127.0.0.1", 0)
    assert ask(server, "/x/")[0] == 404
    server.close()
    server.close()
    with pytest.raises(OSError, match="refused"):
        ask(server, "/x/")
    serve(phone_app(joins), "127.0.0.1", server.port).close()


def test_it_serves_over_ipv6(joins: tuple[Join, ...]) -> None:
    server = serve(phone_app(joins), "::1", 0)
    try:
        assert server.address == f"[::1]:{server.port}"
        connection = http.client.HTTPConnection("::1", server.port, timeout=10)
        connection.request("GET", f"/{joins[0].token}/page.css")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        server.close()


def test_who_connects_and_says_nothing_keeps_nobody_waiting(
    served: Served, joins: tuple[Join, ...]
) -> None:
    idle = [http.client.HTTPConnection("127.0.0.1", served.port, timeout=10) for _ in range(20)]
    for each in idle:
        each.connect()
    assert ask(served, f"/{joins[0].token}/")[0] == 200
    for each in idle:
        each.close()
