"""The decoders of bytes from outside, each as a function that may raise its own refusals only."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from services.console.core import paging
from services.console.features.cases import list_views, timeline
from services.console.features.photos.drawing import NotAPhoto, remade
from services.ingest.core.bodies.parsing import parse, parse_batch
from services.ingest.core.bodies.schemas import ReportBody
from services.ingest.core.cap.warning import accept_warning
from services.ingest.core.refusals import RequestRefused
from services.scoring.fastpath.reading_scanner import ReadingScanner
from services.scoring.fastpath.wire_reading import decode_reading
from shared.contracts.topics import READINGS, TOPICS
from shared.contracts.units import NO_UNIT
from shared.definitions.response_plans import pack as response_plans
from shared.definitions.rules import pack as rules
from shared.definitions.rules.cases import load_cases
from shared.definitions.yaml_files import nodes
from shared.definitions.yaml_files.items import ASIDE, PackFile
from shared.domain.catalog_files.plans import plan_import
from shared.domain.catalog_files.tables import FileFormat, read_table
from shared.domain.roster import csv_file, ical_file
from shared.domain.roster.errors import DutyFileError
from shared.runtime.decoding import decode_value
from shared.runtime.errors import Reject
from shared.runtime.fetching.batch_reader import BatchReader
from shared.runtime.fetching.normal_batches import normalise

Decoder = Callable[[bytes], Any]
_NOW = datetime(2026, 12, 1, tzinfo=UTC)
_MODELS = [spec.model for spec in TOPICS.values() if spec.contract is not None]


class ReadersDiffer(AssertionError):
    """Two readers of one form read different things."""


def decode_record(data: bytes) -> None:
    """Decode a value as a record of the topic that the first byte selects."""
    decode_value(_MODELS[data[0] % len(_MODELS)] if data else _MODELS[0], data[1:])


def decode_batches(data: bytes) -> None:
    """Read the bytes of a fetch, with and without checksums. Raises ReadersDiffer for a loop."""
    for check in (True, False):
        batches = normalise(data, None, check)
        reader = BatchReader("t", 0, batches.raw, 0, check)
        limit = len(batches.raw) + 1
        count = 0
        while reader.step():
            reader.record()
            count += 1
            if count > limit:
                raise ReadersDiffer("more records than bytes")


def compare_readings(data: bytes) -> None:
    """Read a reading with all three readers. Raises ReadersDiffer when they differ."""
    scanner = ReadingScanner()
    is_plain = scanner.read(data, 0, len(data))
    try:
        reading = decode_reading(data)
    except ValueError:
        if is_plain:
            raise ReadersDiffer("the scanner accepts what the msgspec reader refuses") from None
        return
    if is_plain and not (
        scanner.value == reading.value
        and data[scanner.id_from : scanner.id_to].decode() == reading.id
    ):
        raise ReadersDiffer("the scanner reads another reading")
    try:
        record = READINGS.model.validate_json(data)
    except ValidationError:
        if is_plain:
            raise ReadersDiffer("the scanner accepts what the contract refuses") from None
        return
    if not math.isclose(record.value, reading.value, rel_tol=0, abs_tol=0):
        raise ReadersDiffer("the contract reads another value")


def decode_cursor(data: bytes) -> None:
    """Decode the cursors of lists."""
    text = data.decode("utf-8", "replace")
    for decode in (lambda: paging.place_of(text, 1), lambda: list_views.place_of(text),
                   lambda: timeline.place_of(text)):  # fmt: skip
        try:
            decode()
        except ValueError:
            continue


def plan_catalog_file(data: bytes) -> None:
    """Plan the import of a file of the ledger; the first byte selects the format."""
    formats = tuple(FileFormat)
    name = f"a.{formats[data[0] % len(formats)] if data else formats[0]}"
    plan_import(read_table(data[1:], name), {})


def check_rule_cases(data: bytes) -> None:
    """Check cases of the rules of a pack that has none."""
    load_cases([PackFile(f"a{ASIDE}", data)], {}, frozenset(), None)


DECODERS: dict[str, tuple[Decoder, tuple[type[Exception], ...]]] = {
    "batches": (decode_batches, (KafkaError,)),
    "calendar": (lambda data: ical_file.read(data, _NOW), (DutyFileError,)),
    "catalog_file": (plan_catalog_file, ()),
    "cursor": (decode_cursor, ()),
    "duty_table": (lambda data: csv_file.read(data.decode("utf-8", "replace")), (DutyFileError,)),
    "ingest_batch": (parse_batch, (RequestRefused,)),
    "ingest_report": (lambda data: parse(ReportBody, data), (RequestRefused,)),
    "picture": (remade, (NotAPhoto,)),
    "reading": (compare_readings, ()),
    "record": (decode_record, (Reject,)),
    "plan_pack": (lambda data: response_plans.load([PackFile("a.yaml", data)], _NOW), ()),
    "rule_cases": (check_rule_cases, ()),
    "rule_pack": (lambda data: rules.load([PackFile("a.yaml", data)], _NOW), ()),
    "rule_file": (lambda data: nodes.parse(data, "a.yaml"), ()),
    "warning": (
        lambda data: accept_warning(data, "fuzz", _NOW, receiver=NO_UNIT),
        (RequestRefused,),
    ),
}
"""By name: the decoder, and the errors that it may raise."""


def run(name: str, data: bytes) -> None:
    """Decode bytes; raises whatever the decoder must not raise."""
    decoder, refusals = DECODERS[name]
    try:
        decoder(data)
    except refusals:
        return
