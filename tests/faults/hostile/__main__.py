"""`python -m tests.faults.hostile`: hostile input over every door and topic of a real stack.

The exit code is 0 if nothing crashed, nothing was answered 5xx, and each input is accounted for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence

from deploy.files import write_atomically
from deploy.local.errors import StackError
from deploy.local.paths import REPO
from tests.faults.hostile.run import HostileRun, Sizes
from tests.faults.summary_file import write_hostile

FOLDER = REPO / "var" / "faults"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.faults.hostile")
    top.add_argument("--inputs", type=int, default=100_000, help="number of inputs")
    top.add_argument("--seed", type=int, help="without it a random one")
    top.add_argument(
        "--no-schemathesis", action="store_true", help="leave out the documents' tests"
    )
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: all is well; 1: it is not; 2: the stack did not start."""
    arguments = parser().parse_args(words)
    seed = arguments.seed if arguments.seed is not None else int(time.time()) % 1_000_000
    run = HostileRun(seed, Sizes.of(arguments.inputs), schemathesis=not arguments.no_schemathesis)
    print(f"hostile input: seed {seed}, {arguments.inputs} inputs", flush=True)
    try:
        asyncio.run(run.play())
    except StackError as error:
        print(f"hostile: {error}", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    summary = run.summary()
    write_atomically(FOLDER / "hostile.json", json.dumps(summary, ensure_ascii=False, indent=1))
    write_hostile(FOLDER / "summary.json", {name: summary[name] for name in _PRINTED})
    print(json.dumps({name: summary[name] for name in _PRINTED}, ensure_ascii=False, indent=1))
    return 0 if run.is_green() else 1


_PRINTED = (
    "hostile_inputs", "hostile_classes", "hostile_unaccounted", "crashes", "http_5xx", "seeds",
    "seconds",
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
