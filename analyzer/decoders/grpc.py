"""gRPC and gRPC-Web framing: a flag, four bytes of length, a message; again and again."""

from __future__ import annotations

import binascii

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Layer

_TRAILERS = 0x80


def _frames(content: bytes, most: int) -> list[tuple[int, bytes]] | None:
    """Return (flag, message) of each frame; None if the frames do not fill `content` exactly."""
    frames: list[tuple[int, bytes]] = []
    position = 0
    while position < len(content):
        end = position + 5 + int.from_bytes(content[position + 1 : position + 5])
        flag = content[position]
        if position + 5 > len(content) or end > len(content):
            return None
        if flag not in (0, 1, _TRAILERS, _TRAILERS + 1) or len(frames) >= most:
            return None
        frames.append((flag, content[position + 5 : end]))
        position = end
    return frames


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    announced = hint.announced == "grpc"
    if announced and "-text" in hint.media:
        try:
            content = binascii.a2b_base64(content)
        except binascii.Error:
            return MISS
    frames = _frames(content, budget.limits.max_leaves)
    if not frames or (not announced and not any(message for _, message in frames)):
        return MISS
    inner = "application/json" if hint.media.endswith("+json") else "application/x-protobuf"
    media = inner if announced else ""
    tree: list[object] = []
    for flag, message in frames:
        if flag & _TRAILERS:
            tree.append(Layer(message, "text/plain"))
        elif message:
            # Whether a compressed message is gzip shows in its first bytes.
            tree.append(Layer(message, media))
    if len(tree) == 1:
        return tree[0]  # a plain call: the message's own paths
    return tree


DECODERS.register("grpc")(
    Decoder(
        body=_body,
        media=(
            "application/grpc",
            "application/grpc+proto",
            "application/grpc+json",
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpc-web-text",
            "application/grpc-web-text+proto",
        ),
        starts=b"\x00\x01",
        rank=65,
    )
)
