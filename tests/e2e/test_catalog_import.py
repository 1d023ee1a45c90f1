"""An import that is killed goes on where it was; conflicts of a real ledger are reported."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.paths import REPO
from deploy.local.stack import Stack
from shared.contracts.catalog import CatalogEntry, catalog_key
from shared.contracts.topics import CATALOG
from tests.e2e.test_ledger import until
from tests.e2e.test_timers_survive import fetch, put
from tests.support.kafka import read_all
from tests.unit.catalog.builders import CITY, DISTRICT, TOWN, VILLAGE, a_record, a_unit

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

UNITS = [a_unit(unit) for unit in (CITY, DISTRICT, TOWN, VILLAGE)]
SENSORS = 16_000
HEAD = "sensor_id,sensor_kind,name,place,metric,unit_of_measure,interval_s"


def written(folder: Path, names: list[str], place: str = TOWN) -> Path:
    rows = (f"{name},rain_gauge,雨量站 {name},{place},rainfall,mm,300" for name in names)
    file = folder / "sensors.csv"
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return file


async def started(stack: Stack, file: Path, unit: str = DISTRICT) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.commands.catalog", "import", str(file), "--json",
        "--unit", unit, "--reason", "首次编目", "--kafka", stack.kafka_bootstrap,
        cwd=REPO, stdout=asyncio.subprocess.PIPE, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"},
    )  # fmt: skip


async def finished(process: asyncio.subprocess.Process) -> tuple[int, Any]:
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out)


async def stored_sensors(stack: Stack) -> int:
    (row,) = await fetch(stack, "SELECT count(*) AS n FROM catalog.entry WHERE kind = 'sensor'")
    return int(row["n"])


@pytest.mark.timeout(900)
async def test_a_killed_import_goes_on_and_a_refused_one_names_its_rows(tmp_path: Path) -> None:
    async with Stack(tmp_path / "stack", services=("catalog",)) as stack:
        await put(stack, CATALOG, {catalog_key(unit): a_record(unit) for unit in UNITS})

        async def adopted() -> bool:
            (row,) = await fetch(stack, "SELECT count(*) AS n FROM catalog.entry")
            return bool(row["n"] == len(UNITS))

        await until(adopted)
        file = written(tmp_path, [f"s-{number:05}" for number in range(SENSORS)])
        killed = await started(stack, file)

        async def some_stored() -> bool:
            return await stored_sensors(stack) > 0

        await until(some_stored)
        killed.kill()
        await killed.communicate()
        assert await stored_sensors(stack) < SENSORS

        code, document = await finished(await started(stack, file))
        assert (code, document["refused"], document["undecided"]) == (0, [], 0)
        assert document["unchanged"] + document["applied"] == SENSORS
        assert document["unchanged"] > 0
        assert await stored_sensors(stack) == SENSORS
        versions = await fetch(
            stack,
            "SELECT version, count(*) AS n FROM catalog.entry_history WHERE key LIKE 'sensor:%' "
            "GROUP BY version",
        )
        assert [tuple(row) for row in versions] == [(1, SENSORS)]
        records = [
            CatalogEntry.from_wire(record.value)
            for record in await read_all(stack.kafka_bootstrap, CATALOG)
            if record.value is not None
        ]
        sensors = [record for record in records if record.entry.kind == "sensor"]
        assert {record.version for record in sensors} == {1}
        assert len({catalog_key(record.entry) for record in sensors}) == SENSORS

        code, document = await finished(await started(stack, file))
        assert (code, document["unchanged"], document["applied"]) == (0, SENSORS, 0)

        file = written(tmp_path, ["t-1", "t-2"], place=VILLAGE)
        code, document = await finished(await started(stack, file, unit=VILLAGE))
        assert (code, document["applied"]) == (0, 2)
        file = written(tmp_path, ["t-1", "t-3"], place=DISTRICT)
        code, document = await finished(await started(stack, file, unit=VILLAGE))
        assert (code, document["applied"]) == (1, 0)
        (refusal,) = document["refused"]
        assert refusal["reason"] == "not_allowed"
        assert [entry["row"] for entry in refusal["entries"]] == [3, 2]
        assert len(refusal["causes"]) == 1
