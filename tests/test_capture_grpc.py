"""gRPC by grpcio, in all its four ways: nothing is held back, and each message is in the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from capture_rig import Recording, Server

from analyzer.models import Exchange
from analyzer.readers.bundle import read_connections, read_exchanges

pytestmark = pytest.mark.capture
HOST = "api.app.example"
_PATIENCE_S = 10


class Chat:
    """A gRPC server that echoes, on a free port of this machine; a context manager.

    What it got is in `got`, by method. Its service is without types: messages are bytes.
    """

    def __init__(self, server: Server) -> None:
        self.server = server  # its authority made the certificate
        self.got: dict[str, list[bytes]] = {}
        certificate = server.issuer.issue_cert(HOST)
        key = certificate.private_key_pem.bytes()
        chain = b"".join(each.bytes() for each in certificate.cert_chain_pems)
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("rig.Chat", {
                "one": grpc.unary_unary_rpc_method_handler(self._one),
                "feed": grpc.unary_stream_rpc_method_handler(self._feed),
                "upload": grpc.stream_unary_rpc_method_handler(self._upload),
                "talk": grpc.stream_stream_rpc_method_handler(self._talk),
                "fail": grpc.unary_unary_rpc_method_handler(self._fail),
            }),
        ))  # fmt: skip
        credentials = grpc.ssl_server_credentials([(key, chain)])
        self.port = self._server.add_secure_port("127.0.0.1:0", credentials)

    def __enter__(self) -> Chat:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0).wait(5)

    def _note(self, method: str, message: bytes) -> None:
        self.got.setdefault(method, []).append(message)

    def _one(self, message: bytes, _: grpc.ServicerContext) -> bytes:
        self._note("one", message)
        return b"re:" + message

    def _feed(self, message: bytes, _: grpc.ServicerContext) -> Iterator[bytes]:
        self._note("feed", message)
        for number in range(5):
            yield b"%d" % number

    def _upload(self, messages: Iterator[bytes], _: grpc.ServicerContext) -> bytes:
        for message in messages:
            self._note("upload", message)
        return b"%d" % len(self.got["upload"])

    def _talk(self, messages: Iterator[bytes], _: grpc.ServicerContext) -> Iterator[bytes]:
        for message in messages:
            self._note("talk", message)
            yield b"re:" + message

    def _fail(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        self._note("fail", message)
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "not for you")
        raise AssertionError


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    (tmp_path / "server").mkdir()
    with Chat(Server(tmp_path / "server")) as running:
        yield running


@pytest.fixture
def recording(tmp_path: Path, chat: Chat) -> Iterator[Recording]:
    remap = {HOST: ("127.0.0.1", chat.port)}
    with Recording(tmp_path, chat.server, tmp_path / "conf", remap=remap) as running:
        yield running


@pytest.fixture
def channel(recording: Recording) -> Iterator[grpc.Channel]:
    credentials = grpc.ssl_channel_credentials(recording.authority.read_bytes())
    options = [("grpc.http_proxy", recording.proxy)]
    with grpc.secure_channel(f"{HOST}:443", credentials, options) as opened:
        yield opened


def framed(*messages: bytes) -> bytes:
    """Messages as they are on the wire: not compressed, each with its length."""
    return b"".join(b"\0" + len(each).to_bytes(4, "big") + each for each in messages)


def stored(recording: Recording) -> dict[str, Exchange]:
    recording.stop()
    return {each.url.rpartition("/")[2]: each for each in read_exchanges(recording.path)}


def test_each_way_of_calling_works_and_is_in_the_store(
    recording: Recording, chat: Chat, channel: grpc.Channel
) -> None:
    big = bytes(range(256)) * 1000
    one = channel.unary_unary("/rig.Chat/one")
    assert one(b"hello", timeout=_PATIENCE_S) == b"re:hello"
    feed = channel.unary_stream("/rig.Chat/feed")
    assert list(feed(b"go", timeout=_PATIENCE_S)) == [b"0", b"1", b"2", b"3", b"4"]
    upload = channel.stream_unary("/rig.Chat/upload")
    assert upload(iter([b"a", big, b"c"]), timeout=_PATIENCE_S) == b"3"
    found = stored(recording)
    assert chat.got == {"one": [b"hello"], "feed": [b"go"], "upload": [b"a", big, b"c"]}
    assert {name: each.request_body for name, each in found.items()} == {
        name: framed(*messages) for name, messages in chat.got.items()
    }
    assert {name: each.response_body for name, each in found.items()} == {
        "one": framed(b"re:hello"),
        "feed": framed(b"0", b"1", b"2", b"3", b"4"),
        "upload": framed(b"3"),
    }
    assert {each.transport for each in found.values()} == {"h2"}
    assert all(each.complete for each in found.values())
    assert all(("grpc-status", "0") in each.response_headers for each in found.values())
    assert [each.outcome for each in read_connections(recording.path)] == ["read"]


def test_a_conversation_goes_to_and_fro_and_can_be_read_while_it_lasts(
    recording: Recording, chat: Chat, channel: grpc.Channel
) -> None:
    answered = threading.Semaphore(0)

    def ask() -> Iterator[bytes]:
        for number in range(10):
            yield b"%d" % number
            assert answered.acquire(timeout=_PATIENCE_S)  # the next only after the answer

    answers = []
    for answer in channel.stream_stream("/rig.Chat/talk")(ask(), timeout=_PATIENCE_S):
        answers.append(answer)
        [live] = read_exchanges(recording.path)
        assert live.request_body == framed(*chat.got["talk"])
        assert live.response_body == framed(*answers)
        assert not live.complete
        answered.release()
    assert answers == [b"re:%d" % number for number in range(10)]
    [whole] = stored(recording).values()
    assert whole.complete
    assert whole.response_body == framed(*answers)


def test_a_refusal_in_the_trailers_is_kept(
    recording: Recording, chat: Chat, channel: grpc.Channel
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/rig.Chat/fail")(b"x", timeout=_PATIENCE_S)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    [found] = stored(recording).values()
    headers = dict(found.response_headers)
    assert (found.status, headers["grpc-status"]) == (200, "7")
    assert headers["grpc-message"] == "not for you"


def test_a_conversation_that_the_app_breaks_off_keeps_what_was_said(
    recording: Recording, chat: Chat, channel: grpc.Channel
) -> None:
    over = threading.Event()

    def ask() -> Iterator[bytes]:
        yield b"one"
        over.wait(_PATIENCE_S)

    call = channel.stream_stream("/rig.Chat/talk")(ask(), timeout=_PATIENCE_S)
    assert next(call) == b"re:one"
    call.cancel()
    over.set()
    with pytest.raises(grpc.RpcError):
        next(call)
    found = stored(recording)["talk"]
    assert (found.request_body, found.response_body) == (framed(b"one"), framed(b"re:one"))
    assert not found.complete
