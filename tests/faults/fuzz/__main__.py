"""`python -m tests.faults.fuzz DECODER --minutes 5`: inputs guided by the coverage of a decoder.

Atheris (libFuzzer) is installed by `make fuzz`, not by the other verbs. An input that a decoder
must not fail on is written to var/faults/fuzz and ends the run with exit code 77. Inputs that reach
new lines are kept in var; `--keep` copies some of them to tests/faults/fuzz/corpus, which
the tests decode again.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.paths import REPO
from tests.faults.fuzz.corpus import CORPUS, seeds
from tests.faults.fuzz.decoders import DECODERS

WORK = REPO / "var" / "faults" / "fuzz"
_FUZZING = "tests.faults.fuzz.fuzzing"
_LONGEST_INPUT = 8_192
_MOST_KEPT = 32
_LARGEST_KEPT = 1_024


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.faults.fuzz")
    top.add_argument("decoder", nargs="*", help=f"one or more of {', '.join(DECODERS)}; or all")
    top.add_argument("--minutes", type=float, default=1.0, help="minutes for each decoder")
    top.add_argument("--keep", action="store_true", help="keep a small corpus for the tests")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: no decoder failed; 1: one did, its input is in var/faults/fuzz."""
    arguments = parser().parse_args(words)
    failed = []
    for name in arguments.decoder or DECODERS:
        inputs = WORK / "corpus" / name
        inputs.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds(name)):
            (inputs / f"seed-{number}").write_bytes(seed)
        command = [
            sys.executable, "-m", _FUZZING, name, str(inputs),
            f"-max_total_time={round(60 * arguments.minutes)}", f"-max_len={_LONGEST_INPUT}",
            f"-artifact_prefix={WORK}/{name}-", "-rss_limit_mb=2048", "-timeout=20",
        ]  # fmt: skip
        print(f"{name}: {arguments.minutes:g} min", flush=True)
        if subprocess.run(command, cwd=REPO, check=False).returncode:
            failed.append(name)
        elif arguments.keep:
            _keep(name, inputs)
    print(f"failed: {', '.join(failed) or 'none'}", flush=True)
    return 1 if failed else 0


def _keep(name: str, inputs: Path) -> None:
    """Keep inputs that reached new lines: the longest below a limit, a bounded number."""
    target = CORPUS / name
    target.mkdir(parents=True, exist_ok=True)
    files = sorted(inputs.iterdir(), key=lambda path: (path.stat().st_size, path.name))
    new = [path for path in files if not path.name.startswith("seed-")]
    short = [path for path in new if path.stat().st_size <= _LARGEST_KEPT]
    for path in short[-_MOST_KEPT:]:
        shutil.copyfile(path, target / path.name)


if __name__ == "__main__":
    sys.exit(main())
