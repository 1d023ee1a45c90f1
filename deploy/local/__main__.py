"""`python -m deploy.local up|down|status|link|admin`: the stack in the background, a way in."""

import argparse
import asyncio
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from deploy.example.officers import officer_id
from deploy.example.units import DISTRICT
from deploy.language import language_of, localize
from deploy.local import daemon
from deploy.local.endpoints import Endpoints
from deploy.local.errors import StackError
from deploy.local.own_stack import FIRST_OFFICER, check_empty, is_own
from deploy.local.paths import REPO, Paths
from deploy.local.secrets import Secrets
from deploy.local.seed import run_console_accounts
from shared.contracts.fields import Post
from shared.contracts.units import is_above_cities, is_unit
from shared.domain.bilingual import Bilingual

_NEXT_STEP = Bilingual(
    "尚无账号：make admin NAME=姓名 UNIT=本级 12 位区划代码，给出首位管理员的一次性地址。",
    "Before anybody has an account: make admin NAME=name UNIT=division code, 12 digits, prints the "
    "one-time address of the first administrator.",
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo", description="The stack in the background, and a way in."
    )
    top.add_argument("verb", choices=("up", "down", "status", "link", "admin", "serve"))
    top.add_argument("officer", nargs="?", help="link, admin: id of the officer to let in")
    top.add_argument("--name", help="admin: name of the first administrator")
    top.add_argument("--unit", help="admin: the division code of the office, 12 digits")
    top.add_argument(
        "--empty", action="store_true", help="up: without the example, for an office of its own"
    )
    top.add_argument("--replicas", type=int, default=1, help="up: processes of each service")
    top.add_argument("--brokers", type=int, default=1, help="up: Kafka nodes, one or three")
    top.add_argument("--root", type=Path, default=REPO / "var", help="folder of the stack")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0 done, 1 failed with one sentence, 2 wrong usage."""
    language = language_of(None, os.environ)
    arguments = localize(parser(), language).parse_args(words)
    paths = Paths(arguments.root.resolve())
    empty = arguments.empty or is_own(paths)
    size = daemon.Size(arguments.replicas, arguments.brokers, empty)
    try:
        if arguments.verb == "up":
            if empty:
                check_empty(paths)
            code = daemon.launch(paths, size)
            if code == 0:
                print(daemon.status(paths, _answers(paths)))
                if empty:
                    print(_NEXT_STEP.of(language))
            return code
        if arguments.verb == "down":
            return daemon.stop(paths)
        if arguments.verb == "status":
            print(daemon.status(paths, answers := _answers(paths)))
            return 0 if answers and set(answers.values()) == {"ready"} else 1
        if arguments.verb == "link":
            first = FIRST_OFFICER if empty else officer_id(DISTRICT, Post.B)
            print(link(paths, arguments.officer or first))
            return 0
        if arguments.verb == "admin":
            officer = arguments.officer or FIRST_OFFICER
            print(admin(paths, officer, arguments.name, arguments.unit))
            return 0
        asyncio.run(daemon.serve(paths.root, size))
    except (StackError, OSError) as error:
        print(f"fenghuo: {error}", file=sys.stderr)
        return 1
    return 0


def link(paths: Paths, officer: str) -> str:
    """A one-time address that signs a browser in as this officer, for 15 minutes.

    Raises StackError when no stack runs or nobody has that id.
    """
    return _from_console(paths, "link", officer)


def admin(paths: Paths, officer: str, name: str | None, unit: str | None) -> str:
    """A one-time address at which the first administrator sets a password, for 15 minutes.

    Raises StackError when no stack runs, when there are accounts already, or for a wrong unit.
    """
    if not name or not unit:
        raise StackError("name the administrator and the office: make admin NAME=… UNIT=….")
    if not is_unit(unit) or is_above_cities(unit):
        raise StackError(f"{unit!r} is no division code of a city or below, such as 510100000000.")
    return _from_console(paths, "setup", officer, "--name", name, "--unit", unit)


def _from_console(paths: Paths, *words: str) -> str:
    """Return the last line that the console's accounts say."""
    # While only the demo runs, the file is a link into the folder of the demo's own stack.
    where = (paths.run / "endpoints.json").resolve()
    try:
        result = Endpoints.load(where)
    except FileNotFoundError:
        raise StackError("no stack runs here; start it with `make up`.") from None
    password = Secrets(where.parent / "secrets").get("postgres-console")
    dsn = result.dsn_for("console", password)
    output = run_console_accounts(paths, dsn, *words, url=result.console_url)
    return output.splitlines()[-1]


def _answers(paths: Paths) -> dict[str, str]:
    """Return the health answer of each service; empty when no stack runs."""
    try:
        services = Endpoints.load(paths.run / "endpoints.json").services
    except FileNotFoundError:
        return {}
    return {service.name: _ask(service.health_url) for service in services}


def _ask(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=20):  # noqa: S310 - our own address
            return "ready"
    except urllib.error.HTTPError as error:
        return f"not ready ({error.code})"
    except OSError:
        return "no answer"


if __name__ == "__main__":
    sys.exit(main())
