"""The sources of set-up: what the file says, and the limits that they begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.example.canary import UNITS
from deploy.local.errors import StackError
from deploy.local.sources import first_entry, read_digests
from services.ingest.core.sources import Source
from shared.contracts.catalog import CANARY
from shared.contracts.sources import SourceDoor

_DIGEST = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        *(None, "{", "[]", '{"a": "s3cr3t"}', '{"a": 1}'),
        *(f'{{"a:b": "{_DIGEST}"}}', f'{{"{"a" * 32}": "{_DIGEST}"}}'),
    ],
)
def test_a_wrong_sources_file_is_one_sentence(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "sources.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(StackError, match="sources file") as problem:
        read_digests(path)
    assert "s3cr3t" not in str(problem.value)


def test_a_sources_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sources.json"
    path.write_text(f'{{"a": "{_DIGEST}"}}')
    assert read_digests(path) == {"a": _DIGEST}


def test_the_canary_sends_its_own_readings_and_nothing_else() -> None:
    entry = first_entry(CANARY, _DIGEST)
    assert entry.doors == (SourceDoor.READINGS,)
    source = Source(entry)
    assert all(source.sensor_id_problem(f"canary-{unit}") is None for unit in UNITS)
    assert source.sensor_id_problem("gauge-zhutuo") is not None
