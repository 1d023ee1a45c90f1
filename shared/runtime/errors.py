"""Kinds of failure, each with its consequence.

`Reject`: the record can never be handled and goes to the dead letters. `Transient`: the same work
is tried again with back-off. `Unsendable`: Kafka never takes this record of ours. Any other
exception is a bug: the record is isolated and tried again; in the end the record goes to the dead
letters, or `BlockedPartition` says that its partition goes no further. Where isolation is
impossible the process ends and the supervisor starts a new process.

A bug or a lost partition calls `exit_process` at once instead of raising an exception: aiokafka
logs and drops exceptions of rebalance callbacks and background tasks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.dead_letter import Reason

ENVIRONMENT_ERRORS = (KafkaError, OSError, MemoryError)
"""Errors that no record causes, whatever is in it."""

EXIT_USAGE = 64
"""The settings are wrong: a person has to change them."""
EXIT_UNAVAILABLE = 69
"""Kafka, Postgres or the port of this process is not available."""
EXIT_SOFTWARE = 70
"""A bug or lost ownership: the supervisor restarts the process."""


class Reject(Exception):
    """The record can never be handled; `reason` is of a closed set, `detail` is for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:1000]


class Transient(Exception):
    """Infrastructure has failed; the same work may succeed later."""


class Unconfirmed(Transient):
    """Kafka has not confirmed records in time: the partition has no leader, or Kafka is away."""


class TopicUnavailable(Transient):
    """Kafka takes nothing for one topic: the topic does not exist, or the right is missing."""


class StatementTimeout(Transient):
    """Postgres did not finish in time; the same work may succeed in smaller pieces."""


class BlockedPartition(Exception):
    """A bug has made too many dead letters: a person has to examine the record at `offset`."""

    def __init__(self, partition: TopicPartition, offset: int) -> None:
        super().__init__(f"{partition.topic}:{partition.partition} stands at offset {offset}")
        self.partition = partition
        self.offset = offset


class Unsendable(Exception):
    """Kafka never takes this record: the record is too large.

    `position`: the index among the records to send; None where only Kafka knows the record.
    """

    def __init__(self, detail: str, position: int | None = None) -> None:
        super().__init__(detail)
        self.position = position


class LostOwnership(Exception):
    """Another process has advanced our offset: the state of this process is stale."""


class SetupError(Exception):
    """The environment is wrong; the message is one sentence that says how to correct it."""


EndOfPlatform = Callable[[str], NoReturn]
"""Ends the platform for a reason, and the task that calls it, and lets the process live."""
_end_of_platform: EndOfPlatform | None = None


def replace_end_of_process(end: EndOfPlatform | None) -> None:
    """Let `end` take the place of the end of this process, which watches others; None: no more."""
    global _end_of_platform  # noqa: PLW0603 - the end of a process is the process's own
    _end_of_platform = end


def end_process(reason: str, code: int) -> NoReturn:
    """End this process at once, without clean-up."""
    if _end_of_platform is not None:
        _end_of_platform(reason)
    os._exit(code)


def exit_process(reason: str, code: int = EXIT_SOFTWARE) -> NoReturn:
    """End this process at once, without clean-up (crash-only), and log the reason."""
    structlog.get_logger("fenghuo").critical("process_ends", reason=reason, code=code)
    end_process(reason, code)
