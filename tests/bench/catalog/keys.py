"""The keys of var/bench/catalog.json: what is measured and what we aim at."""

from __future__ import annotations

from tests.bench.catalog.ledger_files import PLANTED
from tests.bench.keys import Key, Path

KEYS = (
    Key(
        "import_100k_sensors_s",
        "100,000 sensors, from the file to the topic, slowest format, s",
        "import",
        at_most=60.0,
    ),
    Key("import_csv_s", "the same as CSV, s", "import"),
    Key("import_json_s", "the same as JSON, s", "import"),
    Key("import_xlsx_s", "the same as XLSX, s", "import"),
    Key(
        "import_bad_rows_told",
        f"planted errors named with row and reason, of {PLANTED}",
        "bad_rows",
        at_least=PLANTED,
    ),
    Key("import_good_rows_named", "good rows named as wrong", "bad_rows", at_most=0.0),
    Key(
        "merge_effective_s",
        "merger requested to no command for the town, slowest, s",
        "merge",
        at_most=1.0,
    ),
    Key("preview_month_s", "a draft of limits over a month of 83,000 assignments, s", "preview"),
)

PATHS: dict[str, Path] = {
    "import_100k_sensors_s": ("import", "slowest_s"),
    "import_csv_s": ("import", "csv", "seconds"),
    "import_json_s": ("import", "json", "seconds"),
    "import_xlsx_s": ("import", "xlsx", "seconds"),
    "import_bad_rows_told": ("bad_rows", "named"),
    "import_good_rows_named": ("bad_rows", "good_named"),
    "preview_month_s": ("preview", "seconds"),
    "merge_effective_s": ("merge", "slowest_s"),
}
