"""Labelled series from a folder in NAB's layout: CSV of `timestamp,value`, windows in JSON."""

from __future__ import annotations

import csv
import gzip
import io
import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.quality.nab import Span

OWN = Path(__file__).resolve().parent.parent / "data" / "nab"
LABELS = ("combined_windows.json", "windows.json")
DAY = 86400.0


class Unusable(Exception):
    """The folder cannot be measured; the text says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: times in seconds since 1970, values, labelled windows as spans of rows."""

    name: str
    at: list[float]
    values: list[float]
    windows: tuple[Span, ...]

    def days(self, first: int) -> float:
        """Days from a row to the end."""
        return max(self.at[-1] - self.at[min(first, len(self.at) - 1)], 1.0) / DAY


def read_folder(folder: Path) -> tuple[list[Series], list[str]]:
    """The labelled series of a folder and all below it, by name, and the files without labels.

    Raises Unusable when there are no labels or no series.
    """
    labels = _labels(folder)
    files = sorted(p for p in folder.rglob("*") if p.name.endswith((".csv", ".csv.gz")))
    series: list[Series] = []
    unlabelled: list[str] = []
    for file in files:
        name = file.relative_to(folder).as_posix().removesuffix(".gz")
        key = _key(name, labels)
        if key is None:
            unlabelled.append(name)
        else:
            series.append(_series(key, file, labels[key]))
    if not series:
        raise Unusable(f"{folder} holds no CSV named in its labels ({len(files)} CSV files)")
    return series, unlabelled


def _labels(folder: Path) -> dict[str, list[list[str]]]:
    places = [folder, folder / "labels", folder.parent / "labels", folder.parent]
    candidates = [place / label for label in LABELS for place in places]
    candidates += [path for label in LABELS for path in sorted(folder.rglob(label))]
    for path in candidates:
        if path.is_file():
            labels: dict[str, list[list[str]]] = json.loads(path.read_text(encoding="utf-8"))
            return labels
    raise Unusable(f"{folder} has no {' or '.join(LABELS)}, nor has a folder labels beside it")


def _key(name: str, labels: dict[str, list[list[str]]]) -> str | None:
    """The label of a file: by its path, else by its bare name where that is unambiguous."""
    if name in labels:
        return name
    base = name.rsplit("/", 1)[-1]
    keys = [key for key in labels if key.rsplit("/", 1)[-1] == base]
    return keys[0] if len(keys) == 1 else None


def _series(name: str, file: Path, windows: list[list[str]]) -> Series:
    data = file.read_bytes()
    text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
    at: list[float] = []
    values: list[float] = []
    for row in csv.DictReader(io.StringIO(text)):
        at.append(seconds(row["timestamp"]))
        values.append(float(row["value"]))
    if not at:
        raise Unusable(f"{file} holds no rows")
    return Series(name, at, values, _spans(at, windows))


def _spans(at: list[float], windows: list[list[str]]) -> tuple[Span, ...]:
    """Return windows as rows; a limit is the first row of exactly this time."""
    rows: dict[float, int] = {}
    for index, moment in enumerate(at):
        rows.setdefault(moment, index)
    spans = []
    for start, end in ((seconds(start), seconds(end)) for start, end in windows):
        first = rows.get(start, bisect_left(at, start))
        last = rows.get(end, bisect_right(at, end) - 1)
        if first <= last:
            spans.append((first, last))
    return tuple(sorted(spans))


def seconds(text: str) -> float:
    """A timestamp of NAB, in UTC for want of a zone, as seconds since 1970."""
    result = datetime.fromisoformat(text)
    return (result if result.tzinfo else result.replace(tzinfo=UTC)).timestamp()
