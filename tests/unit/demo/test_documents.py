"""The recount judges records by the AsyncAPI documents: valid, invalid and refused records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.demo import documents
from deploy.demo.documents import DocumentValidator
from shared.contracts.topics import ALERTS, READINGS, TOPICS

CONTRACT = Path(__file__).parents[2] / "contract"
GOLDEN = sorted((CONTRACT / "golden").glob("*.json"))
LETTER = json.loads((CONTRACT / "golden" / "letters" / "not_json.json").read_bytes())


@dataclass
class Record:
    topic: str
    offset: int
    value: bytes | None
    partition: int = 0


def validator() -> DocumentValidator:
    paths = sorted((CONTRACT / "asyncapi").glob("*.json"))
    return DocumentValidator({path.stem: json.loads(path.read_bytes()) for path in paths})


def of(path: Path, offset: int = 0) -> Record:
    return Record(path.stem.partition("@")[0], offset, path.read_bytes())


def test_golden_records_and_their_letters_fit() -> None:
    result = validator()
    for offset, path in enumerate(GOLDEN):
        result.add(of(path, offset))
    result.add(Record(READINGS.dlq, 0, json.dumps(LETTER).encode()))
    result.add(Record(ALERTS.name, 99, None))
    assert result.figures() == {
        "asyncapi_records": len(GOLDEN) + 1,
        "asyncapi_by_schema": len(GOLDEN) + 1,
        "asyncapi_invalid": 0,
    }
    assert result.records.keys() == {name for name, spec in TOPICS.items() if spec.contract} | {
        READINGS.dlq
    }


def test_a_record_without_a_contract_is_invalid_unless_a_service_has_refused_it() -> None:
    result = validator()
    result.add(Record(READINGS.name, 6, b"not json"))
    result.add(Record(READINGS.name, LETTER["offset"], b"not json"))
    result.add(Record(READINGS.dlq, 0, json.dumps(LETTER).encode()))
    assert result.figures()["asyncapi_records"] == 2
    assert result.figures()["asyncapi_invalid"] == 1
    assert result.examples()[0].startswith(f"('{READINGS.name}', 0, 6): contract")


def test_records_do_not_fit_a_wrong_document_nor_one_without_their_channel() -> None:
    record = of(next(path for path in GOLDEN if path.stem.startswith(READINGS.name)))
    wrong = validator().documents["ingest"]
    schema: dict[str, Any] = wrong["components"]["schemas"]["ReadingRecord"]
    schema |= {"oneOf": [], "type": "array"}
    empty: dict[str, Any] = {"channels": {}, "components": {}}
    for document in (wrong, empty):
        new_judge = DocumentValidator({"ingest": document})
        new_judge.add(record)
        assert new_judge.figures()["asyncapi_invalid"] == 1


def test_of_very_many_records_each_is_judged_by_the_contract(monkeypatch: Any) -> None:
    monkeypatch.setattr(documents, "MOST_BY_SCHEMA", 3)
    result = validator()
    for offset in range(10):
        result.add(of(GOLDEN[0], offset))
    result.add(Record(GOLDEN[0].stem.partition("@")[0], 10, b"{}"))
    assert result.figures() == {
        "asyncapi_records": 11,
        "asyncapi_by_schema": 3,
        "asyncapi_invalid": 1,
    }
