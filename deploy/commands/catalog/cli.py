"""The command `fenghuo catalog`: files of the ledger, its entries now and on a day, and changes.

`check` and `export` work on files and on the topic, `show`, `history` and `usage` read tables of
the services `catalog` and `console`; the other verbs send requests to `catalog`; `import` awaits
its answers.
"""

from __future__ import annotations

import argparse
import os

from deploy.commands.catalog import files, imports, lookups, requests
from deploy.commands.rules.kafka import ENDPOINTS, NoKafka
from deploy.language import language_of, localize
from shared.definitions.yaml_files.screen import Screen
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE, SetupError


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    result = argparse.ArgumentParser(
        prog="fenghuo catalog",
        description="Files of the ledger 资源编目, its entries with their history, and changes.",
        epilog="Exit code 0: all is well; 1: the file or entry is not; 64: a wrong call; "
        "69: no Kafka or database.",
    )
    verbs = result.add_subparsers(dest="verb", required=True, metavar="VERB")
    files.add_verbs(verbs)
    lookups.add_verbs(verbs)
    imports.add_verbs(verbs, ENDPOINTS)
    requests.add_verbs(verbs, ENDPOINTS)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 all is well, 1 the file or entry is not, 64 a wrong call, 69 no Kafka, no
    database.
    """
    language = language_of(None, os.environ)
    options = localize(parser(), language).parse_args(arguments)
    if options.verb in files.VERBS:
        run = files.run_verb
    elif options.verb == "import":
        run = imports.run_verb
    elif options.verb in requests.VERBS:
        run = requests.change
    else:
        run = lookups.run_verb
    try:
        return run(options, language)
    except SetupError as problem:
        Screen(getattr(options, "json", False)).sentence(str(problem))
        return EXIT_UNAVAILABLE if isinstance(problem, NoKafka) else EXIT_USAGE
