"""The requests of each source that wait for their answer, limited in number and in bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.ingest.core.refusals import ProblemKind, refusal

MAX_REQUESTS = 256
"""The most requests of one source at once."""
MAX_BYTES = 32 * 1_048_576
"""The most bytes in the bodies of one source's requests at once."""
MAX_ALL_BYTES = 128 * 1_048_576
"""The most bytes in the bodies of all requests at once."""


class SourceLoads:
    """Counts the requests that are under way."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    @contextmanager
    def admitted(self, source: str, size: int) -> Iterator[None]:
        """Count a request with a body of `size` bytes while it is under way.

        Raises RequestRefused: `too_many` when the source has too much under way, `unavailable` when
        all sources together have.
        """
        if self._requests[source] >= MAX_REQUESTS or self._bytes[source] + size > MAX_BYTES:
            allowed = f"at most {MAX_REQUESTS} requests and {MAX_BYTES} bytes at once"
            message = "too many requests of this source wait for their answer"
            raise refusal(ProblemKind.TOO_MANY, "source", message, allowed)
        if self._bytes.total() + size > MAX_ALL_BYTES:
            message = "too much waits for Kafka already"
            raise refusal(ProblemKind.UNAVAILABLE, "body", message)
        self._requests[source] += 1
        self._bytes[source] += size
        try:
            yield
        finally:
            self._requests[source] -= 1
            self._bytes[source] -= size
