"""Fill an empty stack: catalogue, rules, plans, roster and accounts.

Repeatable; skipped when done before.
"""

import asyncio
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.example import canary, departments, officers, plans, rules, sensors, units
from deploy.local.errors import StackError
from deploy.local.paths import REPO, Paths
from deploy.local.records import Record, publish, record
from deploy.local.start_limits import START_S
from shared.contracts.catalog import CatalogEntry, GroupEntry, SensorEntry, UnitEntry, catalog_key
from shared.contracts.fields import Post
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG, PLANS, ROSTER, RULES, TopicSpec
from shared.contracts.units import tier_of

ACCOUNTS = "accounts.json"
_STAMP = "seed.sha256"
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Login:
    """An account of the local stack with its bearer token."""

    officer_id: str
    name: str
    unit: str
    post: str
    token: str


@dataclass(frozen=True)
class Seeded:
    """Counts of written records; all zero when the same content was there already."""

    units: int = 0
    sensors: int = 0
    rules: int = 0
    plans: int = 0
    slots: int = 0
    accounts: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Prepared:
    """The seed as records, in the order in which they must be written."""

    mark: str
    records: tuple[tuple[TopicSpec, list[Record]], ...]


def prepare(paths: Paths) -> Prepared | None:
    """Encode the seed of this checkout (about a second); None when the stack in `paths` has it."""
    if is_current(paths):
        return None
    now = datetime.now(UTC)
    return Prepared(
        fingerprint(),
        # Sensors before rules: whoever reads both refuses a rule for a sensor nobody has
        # catalogued.
        (
            (
                CATALOG,
                [
                    record(catalog_key(catalog_entry.entry), catalog_entry)
                    for catalog_entry in entries(now)
                ],
            ),
            (ROSTER, [record(f"{slot.unit}:{slot.post}", slot) for slot in officers.slots(now)]),
            (
                PLANS,
                [record(definition.plan_id, definition) for definition in plans.definitions(now)],
            ),
            (
                RULES,
                [record(definition.rule_id, definition) for definition in rules.definitions(now)],
            ),
        ),
    )


async def seed(paths: Paths, bootstrap: str, console_dsn: str, prepared: Prepared | None) -> Seeded:
    """Publish what was prepared and create the accounts; nothing to do when it is None.

    Raises StackError when the accounts cannot be created, KafkaError when Kafka is not there.
    """
    if prepared is None:
        return Seeded()
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        creating = group.create_task(asyncio.to_thread(_create_accounts, paths, console_dsn))
        for spec, records in prepared.records:
            await publish(bootstrap, spec, records)
    created = creating.result()
    (paths.data / _STAMP).write_text(prepared.mark, encoding="ascii")
    return Seeded(
        units=len(units.all_units()) + len(departments.departments()),
        sensors=len(sensors.all_sensors()),
        rules=len(rules.packs()),
        plans=sum(len(records) for spec, records in prepared.records if spec is PLANS),
        slots=sum(len(records) for spec, records in prepared.records if spec is ROSTER),
        accounts=len(created),
        seconds=time.monotonic() - began,
    )


async def seed_canary(bootstrap: str, units: tuple[str, ...] = canary.UNITS) -> None:
    """Publish the canary's sensors, rules and plans; a repeated call changes nothing.

    Raises KafkaError, and ValueError for a city without a unit below.
    """
    now = datetime.now(UTC)
    entries_of_canary = canary.entries(now, units)
    plans_of_canary, rules_of_canary = canary.plans(now, units), canary.rules(now, units)
    for spec, records in (
        (CATALOG, [record(catalog_key(entry.entry), entry) for entry in entries_of_canary]),
        (PLANS, [record(definition.plan_id, definition) for definition in plans_of_canary]),
        (RULES, [record(definition.rule_id, definition) for definition in rules_of_canary]),
    ):
        await publish(bootstrap, spec, records)


def holds_example(paths: Paths) -> bool:
    """Return whether the stack in `paths` was ever seeded."""
    return (paths.data / _STAMP).exists()


def is_current(paths: Paths) -> bool:
    """Return whether the stack in `paths` holds the seed of this checkout."""
    stamp = paths.data / _STAMP
    return stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint()


def logins(paths: Paths) -> list[Login]:
    """The accounts of a seeded stack with their tokens. Raises FileNotFoundError before seeding."""
    text = (paths.secrets / ACCOUNTS).read_text(encoding="utf-8")
    return [Login(**item) for item in json.loads(text)]


def entries(now: datetime) -> list[CatalogEntry]:
    """The catalogue: every unit, every department, groups, then every sensor."""
    return [
        CatalogEntry(
            id=content_id("cat", catalog_key(entry), entry.model_dump_json()),
            occurred_at=now,
            sent_at=now,
            origin_unit=_owner(entry),
            tier=tier_of(_owner(entry)),
            entry=entry,
        )
        for entry in _content()
    ]


def _content() -> Iterator[UnitEntry | GroupEntry | SensorEntry]:
    yield from units.all_units()
    yield from departments.departments()
    yield from departments.groups()
    yield from sensors.all_sensors()


def fingerprint() -> str:
    """Changes whenever what the seed is made of changes (SHA-256 over its files, hex)."""
    digest = hashlib.sha256()
    for path in sorted([*_DATA.glob("*.csv"), *_DATA.glob("*.py"), *rules.files(), *plans.files()]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _owner(entry: object) -> str:
    match entry:
        case UnitEntry():
            return entry.unit
        case GroupEntry():
            return entry.owner
        case SensorEntry():
            return entry.place
        case _:
            return units.CITY


def _operator_grants(login: Login) -> list[dict[str, str]] | None:
    """Return all rights for the city's duty officer, who runs the example; None: the usual."""
    if login.officer_id != officers.officer_id(units.CITY, Post.B):
        return None
    rights = ("see", "be_paged", "command", "operate", "administer")
    return [{"right": right, "unit": login.unit} for right in rights]


def _create_accounts(paths: Paths, dsn: str) -> list[Login]:
    """Write tokens to a file only we can read, and their hashes into the console's accounts."""
    created = [
        Login(
            account.officer_id, account.name, account.unit, account.post, secrets.token_urlsafe(24)
        )
        for account in officers.accounts()
    ]
    _write_private(paths.secrets / ACCOUNTS, json.dumps([asdict(login) for login in created]))
    hashed = paths.secrets / "accounts-import.json"
    rows = [
        {
            "officer_id": login.officer_id,
            "name": login.name,
            "unit": login.unit,
            "post": login.post,
            "token_sha256": hashlib.sha256(login.token.encode()).hexdigest(),
            "grants": _operator_grants(login),
        }
        for login in created
    ]
    _write_private(hashed, json.dumps(rows))
    try:
        run_console_accounts(paths, dsn, "import", str(hashed))
    finally:
        hashed.unlink()
    return created


def run_console_accounts(paths: Paths, dsn: str, *arguments: str, url: str = "") -> str:
    """The output of `python -m services.console.accounts ...`. Raises StackError when it fails."""
    command = [sys.executable, "-m", "services.console.accounts", *arguments]
    env = {**os.environ, "PYTHONPATH": str(REPO), "FENGHUO_DATABASE_URL": dsn}
    if url:
        env["FENGHUO_CONSOLE_URL"] = url
    process = subprocess.run(
        command, cwd=REPO, env=env, capture_output=True, text=True, check=False, timeout=START_S
    )
    if process.returncode != 0:
        line = (process.stderr.strip().splitlines() or ["no output"])[-1]
        raise StackError(f"the console's accounts cannot be changed: {line}")
    return process.stdout.strip()


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
