"""The catalogue a rule is checked against: from a file, from Kafka, or none at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.commands.rules.kafka import read_catalog
from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.runtime.decoding import explain
from shared.runtime.errors import SetupError

VARIABLE = "FENGHUO_CATALOG"
Catalog = dict[str, SensorEntry]
_LONGEST = 65_536


def load_catalog(file: Path | None, bootstrap: str | None) -> Catalog | None:
    """Sensors by id; None when neither a file nor Kafka is named. Raises SetupError, KafkaError."""
    if file is None and bootstrap is not None:
        return read_catalog(bootstrap)
    named = file or (Path(text) if (text := os.environ.get(VARIABLE)) else None)
    return None if named is None else read_file(named)


def read_file(file: Path) -> Catalog:
    """Sensors of a JSON-lines file of catalogue entries or bare sensors. Raises SetupError."""
    catalog: Catalog = {}
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                if len(line) > _LONGEST:
                    raise SetupError(f"{file}:{number}: a line of {len(line)} bytes is no sensor.")
                sensor = _sensor(line, f"{file}:{number}")
                if sensor is not None:
                    catalog[sensor.sensor_id] = sensor
    except OSError as error:
        raise SetupError(f"the catalogue {file} cannot be read: {error.strerror}.") from None
    return catalog


def _sensor(line: bytes, place: str) -> SensorEntry | None:
    try:
        content: Any = json.loads(line)
        if isinstance(content, dict) and content.get("type") == "catalog_entry":
            entry = CatalogEntry.model_validate_json(line).entry
            return entry if isinstance(entry, SensorEntry) else None
        return SensorEntry.model_validate_json(line)
    except ValidationError as error:
        raise SetupError(f"{place}: is no sensor: {explain(error)[1]}.") from None
    except (ValueError, RecursionError):
        raise SetupError(f"{place}: is no JSON.") from None
