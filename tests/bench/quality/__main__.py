"""`python -m tests.bench.quality [FOLDER] [--synthetic] [--out FILE]`: how good the baseline is.

Without a folder the three NAB series kept here are measured; any folder with CSV files of
`timestamp,value` and a `windows.json` or `combined_windows.json` in NAB's format will do, at any
depth (a checkout of NAB: `data`, with `labels` beside it). Exit code 2 when it cannot be measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import install

install(MODULES)  # before the imports below: a module that is loaded keeps its form

from tests.bench.quality.corpus import OWN, Unusable, read_folder  # noqa: E402
from tests.bench.quality.report import measure, record, table  # noqa: E402
from tests.bench.quality.synthetic import corpus  # noqa: E402

OUT = Path("var/bench/quality.json")
UNSEEN = range(10, 13)
"""Seeds that no setting was chosen on."""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=OWN)
    parser.add_argument("--synthetic", action="store_true", help="generated series instead")
    parser.add_argument("--out", type=Path, help=f"where the record goes (default {OUT})")
    namespace = parser.parse_args()
    unlabelled: list[str] = []
    if namespace.synthetic:
        series = list(corpus(UNSEEN))
    else:
        try:
            series, unlabelled = read_folder(namespace.folder)
        except (Unusable, OSError, ValueError) as error:
            print(f"cannot measure: {error}", file=sys.stderr)
            return 2
    for name in unlabelled:
        print(f"left out, not in the labels: {name}", file=sys.stderr)
    lines, totals = measure(series, lambda text: print(text, file=sys.stderr, flush=True))
    print(table(lines, totals))
    out = namespace.out or (OUT.with_name("quality-synthetic.json") if namespace.synthetic else OUT)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(record(lines, totals), indent=1, allow_nan=False) + "\n", "utf-8")
    print(f"written to {out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
