"""The history on a real Postgres: an entry on a day, its authors, the command that prints it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from deploy.commands.catalog import cli as command
from services.catalog.app import build
from services.catalog.settings import Settings
from services.catalog.store.history import entry_at, history
from shared.contracts.catalog import SensorEntry
from shared.contracts.catalog_requests import CatalogAct
from shared.contracts.topics import CATALOG_REQUESTS
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE
from tests.support.postgres import fresh_database
from tests.support.service_driver import driven
from tests.unit.catalog.builders import DISTRICT, a_request, a_sensor, a_unit, put, retire

pytestmark = pytest.mark.e2e

KEY = "sensor:gauge-1"


async def fill(dsn: str) -> list[Any]:
    """Put, change and retire a sensor, an hour apart; return the moments."""
    acts: tuple[CatalogAct, ...] = (
        put(a_unit(DISTRICT, parent=None), a_sensor(place=DISTRICT)),
        put(a_sensor(place=DISTRICT, name="新名")),
        retire(KEY),
    )
    async with driven(build, Settings, dsn) as driver:
        pool = driver.database.pool
        for number, act in enumerate(acts, 1):
            request = a_request(act, request_id=f"crq-{number}", officer_id=f"o-{number}")
            async with driver.database.transaction() as transaction:
                await driver.handle(transaction, [(CATALOG_REQUESTS, request)])
            await pool.execute(
                "UPDATE catalog.entry_history SET effective_at = effective_at - $1::interval "
                "WHERE version = $2",
                timedelta(hours=len(acts) - number),
                number,
            )
        rows = await pool.fetch(
            "SELECT effective_at FROM catalog.entry_history WHERE key = $1 ORDER BY version", KEY
        )
        return [row["effective_at"] for row in rows]


async def name_at(dsn: str, moment: Any) -> tuple[str, bool] | None:
    connection = await asyncpg.connect(dsn)
    try:
        line = await entry_at(connection, KEY, moment)
    finally:
        await connection.close()
    if line is None:
        return None
    entry = line.version.record.entry
    assert isinstance(entry, SensorEntry)
    return entry.name, line.version.retired


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture(scope="module")
def moments(dsn: str) -> list[Any]:
    return asyncio.run(fill(dsn))


async def test_an_entry_is_what_its_last_version_before_the_moment_says(
    dsn: str, moments: list[Any]
) -> None:
    first, second, third = moments
    instant = timedelta(microseconds=1)
    assert await name_at(dsn, first - instant) is None
    assert await name_at(dsn, first) == ("水位站", False)
    assert await name_at(dsn, second - instant) == ("水位站", False)
    assert await name_at(dsn, second) == ("新名", False)
    assert await name_at(dsn, third + instant) == ("新名", True)


async def test_the_history_names_author_unit_post_reason_and_request(
    dsn: str, moments: list[Any]
) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        lines = await history(connection, KEY)
        assert await history(connection, "sensor:nobody") == []
    finally:
        await connection.close()
    assert [line.version.version for line in lines] == [3, 2, 1]
    assert [line.effective_at for line in lines] == moments[::-1]
    newest = lines[0].authorship
    assert (newest.actor, newest.unit, newest.post) == ("o-3", DISTRICT, "A")
    assert (newest.reason, newest.cause_id) == ("区划调整", "crq-3")


def test_the_command_prints_an_entry_of_a_day_and_every_version(
    dsn: str,
    moments: list[Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("FENGHUO_DATABASE_URL", dsn)
    assert command.main(["show", KEY, "--at", moments[0].isoformat()]) == 0
    output = capsys.readouterr().out
    assert output.startswith("v1  在用")
    assert "o-1 500118000000 A  区划调整" in output
    assert '"name":"水位站"' in output
    assert command.main(["history", KEY]) == 0
    assert [line[:7] for line in capsys.readouterr().out.splitlines()] == [
        "v3  已撤销", "v2  在用 ", "v1  在用 ",
    ]  # fmt: skip
    assert command.main(["show", KEY, "--at", "2020-01-01T00:00Z"]) == 1
    assert "尚未编目" in capsys.readouterr().err
    assert command.main(["history", "sensor:nobody"]) == 1
    assert "没有 sensor:nobody" in capsys.readouterr().err


def test_a_wrong_call_gets_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.delenv("FENGHUO_DATABASE_URL", raising=False)
    assert command.main(["history", KEY]) == EXIT_USAGE
    assert "Name the database" in capsys.readouterr().err
    nowhere = ["--database", "postgresql://nobody@127.0.0.1:1/none"]
    for moment in ("yesterday", "2026-12-01T08:00"):
        assert command.main(["show", KEY, "--at", moment, *nowhere]) == EXIT_USAGE
        assert "needs a zone" in capsys.readouterr().err
    assert command.main(["history", KEY, *nowhere]) == EXIT_UNAVAILABLE
    assert "cannot be used" in capsys.readouterr().err
