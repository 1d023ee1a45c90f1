"""Classes of bytes that are no proper HTTP: one connection each, with or without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_HEAD = b"POST /v1/readings HTTP/1.1\r\nHost: a\r\n"
FRAMES: dict[str, bytes] = {
    "no_http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 200,
    "http_2_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http_0_9": b"GET /\r\n",
    "unknown_version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "no_host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two_hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "absolute_path": b"GET http://evil.invalid/healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "authority_path": b"CONNECT evil.invalid:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "long_path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long_head": _HEAD + b"x: " + b"a" * 200_000 + b"\r\n\r\n",
    "many_head_lines": _HEAD + b"x: y\r\n" * 20_000 + b"\r\n",
    "nul_in_head": _HEAD + b"x: a\x00b\r\n\r\n",
    "bare_line_feeds": b"GET /healthz HTTP/1.1\nHost: a\n\n",
    "folded_head": _HEAD + b"x: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "space_before_colon": _HEAD + b"Content-Length : 5\r\n\r\nhello",
    "two_lengths": _HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "negative_length": _HEAD + b"Content-Length: -5\r\n\r\nhello",
    "huge_length": _HEAD + b"Content-Length: 999999999999999999999\r\n\r\nhello",
    "hexadecimal_length": _HEAD + b"Content-Length: 0x5\r\n\r\nhello",
    "short_body": _HEAD + b"Content-Length: 500\r\n\r\nhello",
    "length_and_chunks": _HEAD
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    "unknown_transfer": _HEAD + b"Transfer-Encoding: identity, chunked, x\r\n\r\n0\r\n\r\n",
    "false_chunk_size": _HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "huge_chunk_size": _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\nhello",
    "chunk_without_end": _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "long_chunk_extension": _HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n1;"
    + b"a" * 100_000
    + b"\r\nx\r\n0\r\n\r\n",
    "head_without_end": _HEAD + b"x: y",
    "pipelined": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 50,
    "upgrade": b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n",
    "nothing": b"",
}


def classes() -> list[str]:
    """Return the names of all classes of frames."""
    return [f"frame:{name}" for name in (*FRAMES, "altered")]


def frames(chance: Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` frames with their classes; every third round has some bytes altered."""
    names = sorted(FRAMES)
    for number in range(count):
        name = names[number % len(names)]
        data = bytearray(FRAMES[name])
        if number // len(names) % 3 == 2 and data:
            for _ in range(chance.randint(1, 6)):
                data[chance.randrange(min(len(data), 400))] = chance.randrange(256)
            name = "altered"
        yield f"frame:{name}", bytes(data)
