"""`python -m deploy.local up|down|status|link`: the stack in the background, and a way in."""

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
from deploy.local.paths import REPO, Paths
from deploy.local.secrets import Secrets
from deploy.local.seed import run_console_accounts
from shared.contracts.fields import Post


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="fenghuo", description="The stack in the background, and a way in."
    )
    top.add_argument("verb", choices=("up", "down", "status", "link", "serve"))
    top.add_argument("officer", nargs="?", help="link: id of the officer to let in")
    top.add_argument("--replicas", type=int, default=1, help="up: processes of each service")
    top.add_argument("--brokers", type=int, default=1, help="up: Kafka nodes, one or three")
    top.add_argument("--root", type=Path, default=REPO / "var", help="folder of the stack")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0 done, 1 failed with one sentence, 2 wrong usage."""
    arguments = localize(parser(), language_of(None, os.environ)).parse_args(words)
    paths = Paths(arguments.root.resolve())
    size = daemon.Size(arguments.replicas, arguments.brokers)
    try:
        if arguments.verb == "up":
            code = daemon.launch(paths, size)
            if code == 0:
                print(daemon.status(paths, _answers(paths)))
            return code
        if arguments.verb == "down":
            return daemon.stop(paths)
        if arguments.verb == "status":
            print(daemon.status(paths, answers := _answers(paths)))
            return 0 if answers and set(answers.values()) == {"ready"} else 1
        if arguments.verb == "link":
            print(link(paths, arguments.officer or officer_id(DISTRICT, Post.B)))
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
    # While only the demo runs, the file is a link into the folder of the demo's own stack.
    where = (paths.run / "endpoints.json").resolve()
    try:
        result = Endpoints.load(where)
    except FileNotFoundError:
        raise StackError("no stack runs here; start it with `make up`.") from None
    password = Secrets(where.parent / "secrets").get("postgres-console")
    dsn = result.dsn_for("console", password)
    output = run_console_accounts(paths, dsn, "link", officer, url=result.console_url)
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
