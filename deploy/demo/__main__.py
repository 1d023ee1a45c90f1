"""`python -m deploy.demo`: exit code 0 when every check holds, 1 when not, 2 for wrong usage."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from deploy.demo import faults
from deploy.demo.actors import GAS_VILLAGE, ZHUTUO
from deploy.demo.run import FULL, SCALES, Demo
from deploy.demo.screen import Screen, complain
from deploy.demo.source import RefusedError
from deploy.example.officers import officer_id
from deploy.example.units import CITY, DISTRICT
from deploy.language import language_of, localize
from deploy.local.errors import StackError
from deploy.local.paths import REPO
from deploy.local.seed import run_console_accounts
from deploy.local.seeded_stack import SeededStack
from shared.contracts.fields import Post
from shared.runtime.database import CLIENT_ERRORS

_VISITORS = (
    ("city, duty officer", CITY, False),
    ("Yongchuan district", DISTRICT, False),
    ("Zhutuo town (has something to sign)", ZHUTUO, True),
    ("a village", GAS_VILLAGE, True),
)


class Interrupted(Exception):
    """The end of the demo by Ctrl-C or SIGTERM."""


async def _until_signal(work: Coroutine[Any, Any, bool]) -> bool:
    """Run `work`; a signal cancels the work, so every started process is stopped in order.

    Set by hand: a shell starts background jobs with SIGINT ignored, and Python then leaves it so.
    """
    task = asyncio.ensure_future(work)
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise Interrupted from None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the demo's options."""
    top = argparse.ArgumentParser(
        prog="fenghuo demo", description="The whole chain once, explained step by step."
    )
    top.add_argument("--once", action="store_true", help="end when the scenario ends")
    top.add_argument("--scale", choices=sorted(SCALES), default=FULL.name)
    top.add_argument(
        "--fault",
        action="append",
        default=[],
        choices=faults.CHOICES,
        help="break this part while the play goes on (repeatable; all: each of them in turn)",
    )
    top.add_argument("--root", type=Path, default=REPO / "var", help="folder of all it writes")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 when every check holds, 1 when not, 2 for wrong usage."""
    options = localize(parser(), language_of(None, os.environ)).parse_args(arguments)
    screen = Screen()
    demo = Demo(
        options.root.resolve(), SCALES[options.scale], faults.faults_of(options.fault), screen
    )

    async def welcome(stack: SeededStack) -> None:
        await _invite(stack, screen, "while the scenario plays")

    async def stay(stack: SeededStack) -> None:
        await _invite(stack, screen, "until Ctrl-C")
        await asyncio.Event().wait()

    passed = interrupted = False
    try:
        passed = asyncio.run(_until_signal(demo.run(welcome, None if options.once else stay)))
    except* Interrupted:
        screen.clear()
        interrupted = True
    except* (StackError, RefusedError, KafkaError, OSError, *CLIENT_ERRORS) as failed:
        screen.clear()
        complain(first_sentence(failed))
    if interrupted and demo.passed is None:
        return 130
    return int(not (passed or demo.passed))


def first_sentence(failed: BaseExceptionGroup[Any]) -> str:
    """Return the message of the first error."""
    error: BaseException = failed
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


async def _invite(stack: SeededStack, screen: Screen, until: str) -> None:
    """Print addresses and one-time links for visitors."""
    url = stack.endpoints.console_url
    screen.say(f"\nThe console is open at {url} {until}. One-time links, good for 15 minutes:")
    links = await asyncio.gather(*(_link(stack, url, unit, phone) for _, unit, phone in _VISITORS))
    for (visitor, _, _), link in zip(_VISITORS, links, strict=True):
        screen.say(f"  {visitor:<36} {link}")
    screen.say("A new link at any time, for any officer: make link, make link OFFICER=id\n")


async def _link(stack: SeededStack, url: str, unit: str, phone: bool) -> str:
    arguments = ["link", officer_id(unit, Post.B), *(["--phone"] if phone else [])]
    output = await asyncio.to_thread(
        run_console_accounts, stack.paths, stack.dsn("console"), *arguments, url=url
    )
    return output.splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
