"""`list` and `accept`: the gaps that block partitions, and an operator's decision to go on.

A service shows its gaps at `/gaps`. An acceptance is a record on Kafka: the service goes on within
seconds and needs no restart, and the auditor enters person and reason in the trail.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from aiokafka import AIOKafkaProducer

from deploy.commands.rules.kafka import ENDPOINTS, NoKafka, bootstrap_of, run
from deploy.language import language_of, localize
from shared.contracts.fields import Language
from shared.contracts.gaps import GapAcceptance
from shared.contracts.ids import content_id
from shared.contracts.topics import GAP_ACCEPTANCES
from shared.contracts.units import NO_UNIT, tier_of
from shared.definitions.yaml_files.screen import Screen
from shared.domain.bilingual import Bilingual
from shared.runtime.clock import SystemClock
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError
from shared.runtime.outbound_records import encode

Gap = dict[str, Any]
_KINDS = {
    "missing": Bilingual("有记录缺失", "records are missing"),
    "overtaken": Bilingual("记录未处理已过期删除", "deleted before they were handled"),
    "truncated": Bilingual("主题结尾丢失或被重建", "the topic lost its end or was created anew"),
    "replaced": Bilingual("主题内容被替换或被重建", "the topic was cut off or created anew"),
    "unreadable": Bilingual("记录无法读取", "a record cannot be read"),
    "bug": Bilingual("程序错误产生过多死信", "a bug has made too many dead letters"),
}


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 all is well, 1 a service does not answer, 64 a wrong call, 69 no Kafka."""
    language = language_of(None, os.environ)
    options = localize(parser(), language).parse_args(arguments)
    screen = Screen(options.json)
    try:
        verbs = {"list": list_gaps, "accept": accept}
        return verbs[options.verb](options, screen, language)
    except NoKafka as problem:
        screen.sentence(str(problem))
        return EXIT_UNAVAILABLE
    except SetupError as problem:
        screen.sentence(str(problem))
        return EXIT_USAGE


def list_gaps(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """Show the gaps of all services, and the services that do not answer."""
    gaps, silent = gaps_of(addresses_of(options, language))
    if gaps:
        head = Bilingual("服务,主题,分区,偏移,原因", "service,topic,partition,offset,cause")
        rows = [
            (
                *(gap["service"], gap["topic"], str(gap["partition"]), str(gap["offset"])),
                _KINDS[gap["kind"]].of(language),
            )
            for gap in gaps
        ]
        screen.table("", head.of(language).split(","), rows)
    elif not silent:
        screen.line(Bilingual("没有缺口。", "There are no gaps.").of(language))
    for address in silent:
        sentence = Bilingual(f"{address} 没有回答。", f"{address} does not answer.")
        screen.line(sentence.of(language), style="yellow")
    screen.document({"gaps": gaps, "silent": silent})
    return 1 if silent else 0


def accept(options: argparse.Namespace, screen: Screen, language: Language) -> int:
    """Let a service go on behind a gap; raises SetupError where there is none."""
    gaps, _ = gaps_of(addresses_of(options, language))
    place = (options.service, options.topic, options.partition)
    gap = next((gap for gap in gaps if place == place_of(gap)), None)
    if gap is None:
        sentence = Bilingual(
            f"{options.service} 在 {options.topic} 分区 {options.partition} 没有缺口。",
            f"{options.service} has no gap in {options.topic} partition {options.partition}.",
        )
        raise SetupError(sentence.of(language))
    if gap["kind"] == "unreadable" and options.continue_at is None:
        sentence = Bilingual(
            "无法读取的记录之后从何处继续只能由人判断：请用 --continue-at 指明偏移。",
            "only a person can know where to go on after a record that cannot be read: name the "
            "offset by --continue-at.",
        )
        raise SetupError(sentence.of(language))
    bootstrap = bootstrap_of(options.kafka, options.endpoints)
    try:
        acceptance = acceptance_of(gap, options, SystemClock().now())
    except ValueError as error:
        sentence = Bilingual(f"所填内容无效：{error}", f"the acceptance is not valid: {error}")
        raise SetupError(sentence.of(language)) from None
    run(send(bootstrap, acceptance), bootstrap)
    sentence = Bilingual(
        f"已接受：{options.service} 数秒内继续处理，已记入审计留痕。",
        f"accepted: {options.service} goes on within seconds; the audit trail has it.",
    )
    screen.line(sentence.of(language))
    screen.document(json.loads(encode(acceptance)))
    return 0


def place_of(gap: Gap) -> tuple[str, str, int]:
    """Return service, topic and partition of a gap."""
    return gap["service"], gap["topic"], gap["partition"]


def acceptance_of(gap: Gap, options: argparse.Namespace, now: datetime) -> GapAcceptance:
    """Return the record of an operator's decision; raises ValueError for a wrong option."""
    return GapAcceptance(
        id=content_id("gac", gap["gap_id"], now.isoformat()),
        occurred_at=now,
        sent_at=now,
        origin_unit=options.unit,
        tier=tier_of(options.unit),
        service=gap["service"],
        topic=gap["topic"],
        partition=gap["partition"],
        gap_id=gap["gap_id"],
        continue_at=options.continue_at,
        officer_id=options.officer or getpass.getuser(),
        reason=options.reason,
    )


async def send(bootstrap: str, acceptance: GapAcceptance) -> None:
    """Write an acceptance to its topic; raises KafkaError or TimeoutError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=5_000
    )
    await producer.start()
    try:
        async with asyncio.timeout(30):
            await producer.send_and_wait(
                GAP_ACCEPTANCES.name,
                key=acceptance.service.encode(),
                value=encode(acceptance),
                headers=[("content-type", b"application/json")],
            )
    finally:
        await producer.stop()


def addresses_of(options: argparse.Namespace, language: Language) -> list[str]:
    """Return the addresses of the services: as named, else of the running stack."""
    if options.services:
        return list(options.services)
    try:
        content = json.loads(options.endpoints.read_text(encoding="utf-8"))
        return [service["url"] for service in content["services"]]
    except OSError:
        sentence = Bilingual(
            f"没有 {options.endpoints}：此处没有运行中的系统；请用 make up 启动，"
            "或用 --services URL 指明各服务。",
            f"{options.endpoints} is not there: no stack runs here; start one with `make up`, or "
            "name the services with --services URL.",
        )
        raise SetupError(sentence.of(language)) from None
    except (ValueError, KeyError, TypeError):
        sentence = Bilingual(
            f"{options.endpoints} 没有写明各服务的地址。",
            f"{options.endpoints} does not say where the services are.",
        )
        raise SetupError(sentence.of(language)) from None


def gaps_of(addresses: Sequence[str]) -> tuple[list[Gap], list[str]]:
    """Return the gaps that the services show, and the addresses that do not answer."""
    gaps: list[Gap] = []
    silent: list[str] = []
    for address in addresses:
        try:
            answer = httpx2.get(f"{address.rstrip('/')}/gaps", timeout=5, trust_env=False)
            gaps += answer.raise_for_status().json()
        except (httpx2.HTTPError, ValueError):
            silent.append(address)
    return gaps, silent


def parser() -> argparse.ArgumentParser:
    """Return the parser of both verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo gaps",
        description="Records that a service can no longer read, and the decision to go on 缺口.",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="the partitions in which a service stands, and why")
    accept_parser = verbs.add_parser("accept", help="let a service go on although records are gone")
    accept_parser.add_argument("service", help="as `list` shows it, such as alerting")
    accept_parser.add_argument("topic", help="such as alarm.events.v1")
    accept_parser.add_argument("partition", type=int, help="its number")
    accept_parser.add_argument(
        "--reason", required=True, help="why, for the audit trail (required)"
    )
    accept_parser.add_argument("--officer", metavar="ID", help="who decides; default: this account")
    accept_parser.add_argument(
        "--unit",
        default=os.environ.get("FENGHUO_OPERATOR_UNIT") or NO_UNIT,
        help="the unit of the decision (FENGHUO_OPERATOR_UNIT)",
    )
    accept_parser.add_argument(
        "--continue-at",
        type=int,
        metavar="OFFSET",
        help="the next offset to handle; default: what the kind of the gap calls for",
    )
    accept_parser.add_argument("--kafka", metavar="HOST:PORT")
    for verb in verbs.choices.values():
        verb.add_argument(
            "--services", nargs="+", metavar="URL", help="addresses of services to ask"
        )
        verb.add_argument(
            "--endpoints", type=Path, default=ENDPOINTS, help=f"of the running stack ({ENDPOINTS})"
        )
        verb.add_argument(
            "--json", action="store_true", help="one JSON document on standard output"
        )
    return top
