"""Kinds of failure, each with its destination (arroyo's errors, kopf's temporary and permanent).

`Reject`: never, to the dead letters. `Transient`: not now, tried again with back-off. `Unsendable`: a
record of our own that Kafka never takes. Anything else is a bug: the record is isolated; if it cannot be,
the process ends and its supervisor restarts it.
"""

from __future__ import annotations

import os
from typing import NoReturn

import structlog

from shared.contracts.dead_letter import Reason

EXIT_USAGE = 64
"""Wrong settings: a person has to change something."""
EXIT_UNAVAILABLE = 69
"""Something this process needs (Kafka, Postgres, its port) cannot be had."""
EXIT_SOFTWARE = 70
"""A bug or lost ownership: restart me."""


class Reject(Exception):
    """This record can never be handled; `reason` is the closed set, `detail` is for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:1000]


class Transient(Exception):
    """Infrastructure failed; the same work may succeed later."""


class Unsendable(Exception):
    """Kafka will never take this record: too large.

    `position`: which of those to be sent; None where only Kafka knows, of a batch that holds it.
    """

    def __init__(self, detail: str, position: int | None = None) -> None:
        super().__init__(detail)
        self.position = position


class LostOwnership(Exception):
    """Another process has advanced our offset: whatever we hold is stale."""


class SetupError(Exception):
    """The environment is wrong; the message is one sentence that says what to do."""


def die(reason: str, code: int = EXIT_SOFTWARE) -> NoReturn:
    """End this process at once, without clean-up (crash-only): the log says why."""
    structlog.get_logger("fenghuo").critical("process_ends", reason=reason, code=code)
    os._exit(code)
