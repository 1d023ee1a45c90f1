"""The keys of var/bench/console.json: what is measured and what we aim at."""

from __future__ import annotations

from tests.bench.keys import Key, Path

KEYS = (
    Key("pixel_p99_ms_200", "alarm to pixel, 200 consoles, p99 ms", "pixel", at_most=300.0),
    Key("pixel_p99_ms_2000", "alarm to pixel, 2,000 consoles, p99 ms", "pixel", at_most=1_000.0),
    Key("pixel_floor_p99_ms_200", "alarm to a plain reader in the same run, p99 ms", "pixel"),
    Key("pixel_floor_p99_ms_2000", "the same at 2,000 consoles", "pixel"),
    Key("console_kib", "memory per connected console, at 2,000, KiB", "pixel"),
    Key("stalled_reader_kib", "memory per stalled reader, KiB", "stalled", at_most=64.0),
    Key("stalled_slower_ratio", "the others' p99 beside them / before", "stalled", at_most=1.5),
    Key("first_load_kb", "first load, compressed, KB", "first_load", at_most=120.0),
    Key("first_load_s", "first load on the slow link, s", "first_load", at_most=1.5),
    Key(
        "counts_20000_ms",
        "numbers and lists, 20,000 open alerts and a million tasks, slowest p95 ms",
        "counts",
        at_most=200.0,
    ),
    Key("red_page_p99_s", "red alarm to its first page in a storm, p99 s", "red_page", at_most=5.0),
    Key("history_30d_ms", "thirty days of any sensor, p99 ms", "history", at_most=300.0),
)

PATHS: dict[str, Path] = {
    "pixel_p99_ms_200": ("pixel", "200", "screen", "p99_ms"),
    "pixel_p99_ms_2000": ("pixel", "2000", "screen", "p99_ms"),
    "pixel_floor_p99_ms_200": ("pixel", "200", "floor", "p99_ms"),
    "pixel_floor_p99_ms_2000": ("pixel", "2000", "floor", "p99_ms"),
    "console_kib": ("pixel", "2000", "console_kib"),
    "stalled_reader_kib": ("stalled", "stalled_kib"),
    "stalled_slower_ratio": ("stalled", "slower_ratio"),
    "first_load_kb": ("first_load", "kb"),
    "first_load_s": ("first_load", "seconds"),
    "counts_20000_ms": ("counts", "slowest_p95_ms"),
    "red_page_p99_s": ("red_page", "p99_s"),
    "history_30d_ms": ("history", "p99_ms"),
}
