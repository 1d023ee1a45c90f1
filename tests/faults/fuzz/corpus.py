"""The inputs with which a fuzz of a decoder begins, and those that earlier runs have kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shared.contracts.catalog import Entry
from shared.contracts.fields import Language
from shared.definitions.yaml_files.items import ASIDE
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.catalog_files.writing import write_table
from tests.faults.hostile import console_requests, requests
from tests.faults.hostile.records import GOLDEN
from tests.support.batches import batch_of, marker
from tests.unit.catalog.builders import a_sensor, a_unit

CORPUS = Path(__file__).parent / "corpus"
_DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
_RULES, _PLANS = _DEPLOY / "rules", _DEPLOY / "plans"


def seeds(name: str) -> Iterator[bytes]:
    """Yield good inputs of a decoder, then the inputs kept in the repository."""
    good = requests.ingest_requests(1, ["gas-1"], "500118118202")
    files = {
        request.headers.get("content-type"): request.body
        for request in console_requests.console_requests()
    }
    match name:
        case "record":
            for number, path in enumerate(sorted(GOLDEN.glob("*.json"))):
                yield bytes([number]) + path.read_bytes()
        case "reading":
            yield (GOLDEN / "sensing.readings.v1@reading.json").read_bytes()
            yield b"".join((GOLDEN / "sensing.readings.v1@reading.json").read_bytes().split())
        case "ingest_batch" | "ingest_report":
            yield good[1 if name == "ingest_batch" else 2].body
        case "warning":
            yield good[3].body
            yield from requests.XML.values()
        case "picture":
            yield files["image/png"]
        case "calendar":
            yield files["text/calendar"]
        case "duty_table":
            yield files["text/csv"]
        case "catalog_file":
            entries: list[Entry] = [a_unit("500118101000"), a_sensor()]
            for number, file_format in enumerate(FileFormat):
                yield bytes([number]) + write_table(entries, file_format, Language.ZH)
        case "rule_file" | "rule_pack":
            yield from (path.read_bytes()[:4_000] for path in sorted(_RULES.rglob("*.yaml"))[:20])
        case "rule_cases":
            yield from (path.read_bytes()[:4_000] for path in sorted(_RULES.glob(f"*{ASIDE}"))[:20])
        case "plan_pack":
            yield from (path.read_bytes()[:4_000] for path in sorted(_PLANS.glob("*.yaml")))
        case "cursor":
            yield from (b"1~a", b"2026-01-01T00:00:00Z~a", b"2026-01-01T00:00:00.000000Z~1~a")
        case "batches":
            rows = [(0, b"k", b"v", ()), (1, None, b"w" * 40, (("h", b"x"),))]
            for compression in range(5):
                yield batch_of(rows, compression=compression)
            yield batch_of(rows) + marker(2, 1, commit=False)
    yield from stored_inputs(name)


def stored_inputs(name: str) -> list[bytes]:
    """Return the inputs of a decoder in the repository."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
