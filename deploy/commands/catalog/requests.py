"""Requests of an operator to change the ledger: `put`, `retire`, `move` and `merge`.

A request is a record on Kafka. The service `catalog` decides on it within seconds; a refused one is
a dead letter with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

from aiokafka import AIOKafkaProducer
from pydantic import Field, TypeAdapter, ValidationError

from deploy.commands.rules.kafka import bootstrap_of, run
from shared.contracts.catalog import Entry
from shared.contracts.catalog_requests import (
    CatalogAct,
    CatalogRequest,
    EntryPut,
    MergeUnits,
    MoveEntries,
    RetireEntries,
)
from shared.contracts.fields import Language, Post
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG_REQUESTS
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.acts import put_acts
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError
from shared.runtime.outbound_records import encode

VERBS = ("put", "retire", "move", "merge")
Send = Callable[[CatalogRequest], Awaitable[tuple[int, int]]]
"""Writes a request and returns its partition and offset."""
_MOST_ERRORS = 20
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])
_SENT = Bilingual(
    "已提交 {} 条变更申请，由编目服务办理；被拒收的见 fenghuo letters list。",
    "{} requests are sent, and the ledger decides; refused ones: fenghuo letters list.",
)
_WRONG = Bilingual("所填内容无效：{}", "the request is not valid: {}")
_WRONG_LINES = Bilingual(
    "文件有误，未提交任何内容：\n{}", "nothing was sent, the file is wrong:\n{}"
)
_LINE = Bilingual("第 {} 行：{}", "line {}: {}")


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser], endpoints: Path) -> None:
    """Add the verbs that change the ledger to a parser."""
    put = verbs.add_parser("put", help="add or replace the entries of a file")
    put.add_argument("file", type=Path, help="one entry a line, as JSON (`show` prints one)")
    retire = verbs.add_parser("retire", help="take entries out of use; their history stays")
    move = verbs.add_parser("move", help="give entries another place, owner or parent")
    for verb in (retire, move):
        verb.add_argument("key", nargs="+", help="keys of the entries")
    move.add_argument("--to", required=True, metavar="UNIT", help="the new place, owner or parent")
    merge = verbs.add_parser("merge", help="let a unit become part of another; it is retired")
    merge.add_argument("key", help="the unit that is retired")
    merge.add_argument(
        "--into", required=True, metavar="UNIT", help="the unit that takes its place"
    )
    for verb in (put, retire, move, merge):
        add_author(verb, endpoints)


def add_author(verb: argparse.ArgumentParser, endpoints: Path) -> None:
    """Add the options that say who asks for a change and why, and where Kafka is."""
    verb.add_argument("--unit", required=True, help="the unit whose ledger rights are used")
    verb.add_argument("--reason", required=True, help="why, for the audit trail (required)")
    verb.add_argument("--officer", metavar="ID", help="who decides; default: this account")
    verb.add_argument(
        "--post", choices=tuple(Post), default=Post.A, help="post of the officer (default: A)"
    )
    verb.add_argument("--kafka", metavar="HOST:PORT")
    verb.add_argument(
        "--endpoints", type=Path, default=endpoints, help=f"of the running stack ({endpoints})"
    )


def change(options: argparse.Namespace, language: Language) -> int:
    """Send the requests of a call; raises SetupError for a wrong one, and sends nothing then."""
    requests = requests_of(_acts(options, language), options, language)
    bootstrap = bootstrap_of(options.kafka, options.endpoints)
    run(_send(bootstrap, requests), bootstrap)
    for request in requests:
        print(request.id)
    print(_SENT.of(language).format(len(requests)))
    return 0


def _acts(options: argparse.Namespace, language: Language) -> Iterator[CatalogAct]:
    match options.verb:
        case "put":
            entries = read_entries(options.file, language)
            yield from put_acts(EntryPut(entry=entry) for entry in entries)
        case "retire":
            yield RetireEntries(keys=tuple(options.key))
        case "move":
            yield MoveEntries(keys=tuple(options.key), to=options.to)
        case _:
            yield MergeUnits(unit=options.key, into=options.into)


def read_entries(path: Path, language: Language) -> list[Entry]:
    """Return the entries of a file; raises SetupError with each wrong line."""
    entries: list[Entry] = []
    errors: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entries.append(_ENTRY.validate_json(line))
        except ValidationError as error:
            errors.append(_LINE.of(language).format(number, _sentence(error)))
    if errors or not entries:
        lines = errors[:_MOST_ERRORS] or [_LINE.of(language).format(1, "-")]
        raise SetupError(_WRONG_LINES.of(language).format("\n".join(lines)))
    return entries


def requests_of(
    acts: Iterable[CatalogAct], options: argparse.Namespace, language: Language
) -> list[CatalogRequest]:
    """Return the requests of a call; raises SetupError for a wrong one."""
    now = SystemClock().now()
    try:
        return [_request(act, options, now) for act in acts]
    except (ValidationError, OSError, UnicodeDecodeError) as error:
        raise SetupError(_WRONG.of(language).format(_sentence(error))) from None


def _request(act: CatalogAct, options: argparse.Namespace, now: datetime) -> CatalogRequest:
    officer = options.officer or getpass.getuser()
    return CatalogRequest(
        id=content_id("crq", officer, now.isoformat(), act.model_dump_json()),
        occurred_at=now,
        sent_at=now,
        origin_unit=options.unit,
        tier=tier_of(options.unit),
        act=act,
        reason=options.reason,
        officer_id=officer,
        post=Post(options.post),
    )


async def _send(bootstrap: str, requests: Sequence[CatalogRequest]) -> None:
    """Write requests to their topic, in order; raises KafkaError or TimeoutError."""
    async with request_sender(bootstrap) as send, asyncio.timeout(120):
        for request in requests:
            await send(request)


@asynccontextmanager
async def request_sender(bootstrap: str) -> AsyncIterator[Send]:
    """Yield a function that writes a request to its topic and returns its partition and offset.

    Raises KafkaError.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=5_000,
        max_request_size=CATALOG_REQUESTS.max_bytes,
    )

    async def send(request: CatalogRequest) -> tuple[int, int]:
        place = await producer.send_and_wait(
            CATALOG_REQUESTS.name,
            key=request.officer_id.encode(),
            value=encode(request),
            headers=[("content-type", b"application/json")],
        )
        return place.partition, place.offset

    await producer.start()
    try:
        yield send
    finally:
        await producer.stop()


def _sentence(error: Exception) -> str:
    """Return an error as one sentence; of a wrong value its field, never more of the file."""
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)[:3]
        )
    return str(error)
