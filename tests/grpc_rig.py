"""A gRPC server beside the app's other servers; messages are bytes as they are, no protobuf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]
from app_server import Served, Server

HOST = "grpc.app.example"
PATH = "/phone.Talk"
FEED = 5  # messages that /Feed answers with


def framed(messages: Iterable[bytes]) -> bytes:
    """Messages as they are in a body: a zero (not compressed), their length, their bytes."""
    return b"".join(b"\0" + len(each).to_bytes(4, "big") + each for each in messages)


class GrpcServer:
    """Answers for `HOST`, under the authority of `beside`; a context manager.

    ``Ask`` answers with the message backwards, ``Feed`` with `FEED` messages, ``Both`` (in both
    directions) with each message as it comes. `log` has one line for each call that was completed.
    """

    def __init__(self, beside: Server) -> None:
        self.log: list[Served] = []
        self._beside = beside
        certificate = beside.issuer.issue_cert(HOST)
        chain = b"".join(each.bytes() for each in certificate.cert_chain_pems)
        self._server = grpc.server(ThreadPoolExecutor(8))
        handlers = {
            "Ask": grpc.unary_unary_rpc_method_handler(self._ask),
            "Feed": grpc.unary_stream_rpc_method_handler(self._feed),
            "Both": grpc.stream_stream_rpc_method_handler(self._both),
        }
        service = grpc.method_handlers_generic_handler(PATH.removeprefix("/"), handlers)
        self._server.add_generic_rpc_handlers((service,))
        key = certificate.private_key_pem.bytes()
        credentials = grpc.ssl_server_credentials([(key, chain)])
        self.address = ("127.0.0.1", self._server.add_secure_port("127.0.0.1:0", credentials))

    def __enter__(self) -> GrpcServer:
        self._server.start()
        self._beside.elsewhere[HOST] = self.address
        return self

    def __exit__(self, *_: object) -> None:
        del self._beside.elsewhere[HOST]
        self._server.stop(grace=None).wait(5)

    def _note(self, name: str, got: list[bytes], answered: list[bytes]) -> None:
        url = f"https://{HOST}{PATH}/{name}"
        self.log.append(Served("POST", url, (), framed(got), 200, framed(answered)))

    def _ask(self, message: bytes, _: Any) -> bytes:
        self._note("Ask", [message], [message[::-1]])
        return message[::-1]

    def _feed(self, message: bytes, _: Any) -> Iterator[bytes]:
        answers = [b"%d " % number + message for number in range(FEED)]
        yield from answers
        self._note("Feed", [message], answers)

    def _both(self, messages: Iterator[bytes], _: Any) -> Iterator[bytes]:
        got = []
        for message in messages:
            got.append(message)
            yield message
        self._note("Both", got, got)
