"""Classes of bytes that are no proper HTTP: one connection each, with or without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_HEAD = b"POST /v1/readings HTTP/1.1\r\nHost: a\r\n"
_CHUNKS = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
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
    **{
        name: _HEAD + lines + b"\r\n0\r\n\r\nGET /readyz HTTP/1.1\r\nHost: b\r\n\r\n"
        for name, lines in {
            "chunks_and_length": b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "two_transfers": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "transfer_with_tab": b"Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n",
            "transfer_with_space": b"Transfer-Encoding : chunked\r\nContent-Length: 4\r\n",
            "transfer_in_quotes": b'Transfer-Encoding: "chunked"\r\nContent-Length: 4\r\n',
            "transfer_folded": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n",
            "transfer_after_nul": b"Transfer-Encoding: chunked\x00\r\nContent-Length: 4\r\n",
            "transfer_misspelt": b"Transfer_Encoding: chunked\r\nContent-Length: 4\r\n",
            "listed_lengths": b"Content-Length: 5, 5\r\n",
            "signed_length": b"Content-Length: +5\r\n",
            "length_with_spaces": b"Content-Length: 5 5\r\n",
            "bare_carriage_return": b"X: a\rContent-Length: 5\r\n",
            "line_without_colon": b"no colon here\r\nContent-Length: 5\r\n",
            "name_without_text": b": 5\r\nContent-Length: 5\r\n",
            "connection_names_length": b"Connection: Content-Length\r\nContent-Length: 5\r\n",
        }.items()
    },
    "signed_chunk_size": _CHUNKS + b"+5\r\nhello\r\n0\r\n\r\n",
    "negative_chunk_size": _CHUNKS + b"-5\r\nhello\r\n0\r\n\r\n",
    "prefixed_chunk_size": _CHUNKS + b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk_of_line_feeds": _CHUNKS + b"5\nhello\n0\n\n",
    "length_in_trailer": _CHUNKS + b"5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n",
    "many_trailers": _CHUNKS + b"0\r\n" + b"x: y\r\n" * 20_000 + b"\r\n",
    "many_small_chunks": _CHUNKS + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n",
    "chunks_of_http_1_0": b"POST /login HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n",
    "body_of_a_reading": b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "body_without_an_end": b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{",
    "expected_body": _HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "pipelined_acts": b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" * 50,
    "pipelined_without_an_end": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 3 + b"GET /",
    "high_bytes_in_path": b"GET /\xff\xfe\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    "fragment_in_path": b"GET /readyz#x?y HTTP/1.1\r\nHost: a\r\n\r\n",
    "tabs_in_request_line": b"GET\t/readyz\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "empty_lines_before": b"\r\n" * 200 + b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n",
    "long_method": b"A" * 70_000 + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
    "tls_hello": b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
}
SLOW: dict[str, tuple[bytes, int]] = {
    "slow_head": (_HEAD + b"x: " + b"y" * 200 + b"\r\n\r\n", 4),
    "slow_body": (_HEAD.replace(b"/v1/readings", b"/login") + b"Content-Length: 90\r\n\r\n", 30),
    "slow_chunks": (_CHUNKS.replace(b"/v1/readings", b"/login") + b"1\r\nx\r\n" * 60, 12),
}
"""Frames that are sent in small pieces, one in a second: the bytes and the size of a piece."""
SLOW_EACH = 3
"""The connections of each slow class: a limit of time is found with one."""


def classes() -> list[str]:
    """Return the names of all classes of frames."""
    return [f"frame:{name}" for name in (*FRAMES, "altered")]


def slow_frames() -> Iterator[tuple[str, list[bytes]]]:
    """Yield the slow frames in pieces, with their classes."""
    for name, (data, size) in SLOW.items():
        pieces = [data[first : first + size] for first in range(0, len(data), size)]
        for _ in range(SLOW_EACH):
            yield f"frame:{name}", pieces


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
