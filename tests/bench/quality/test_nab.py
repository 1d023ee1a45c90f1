"""NAB's arithmetic against cases worked out by hand, and the reading of a folder in its layout."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.bench.quality.corpus import OWN, Unusable, read_folder
from tests.bench.quality.nab import (
    Span,
    best_threshold,
    normalised,
    probation,
    raw,
    rows_of,
    scaled_sigmoid,
)


def hits(rows: int, *at: int) -> list[float]:
    return [1.0 if i in at else 0.0 for i in range(rows)]


def logistic(x: float) -> float:
    return 2.0 / (1.0 + math.exp(-x)) - 1.0


@pytest.mark.parametrize(
    ("rows", "expected"), [(100, 15), (6, 0), (4032, 604), (5000, 750), (22695, 750)]
)
def test_probation(rows: int, expected: int) -> None:
    assert probation(rows) == expected


def test_the_sigmoid_has_the_papers_values() -> None:
    assert scaled_sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert scaled_sigmoid(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert scaled_sigmoid(0.0) == 0.0
    assert scaled_sigmoid(3.0) == -1.0


WINDOW: tuple[Span, ...] = ((40, 49),)


@pytest.mark.parametrize(
    ("at", "windows", "expected"),
    [
        ((), WINDOW, -1.0),
        ((40,), WINDOW, 1.0),
        ((40, 45, 49), WINDOW, 1.0),
        ((45,), WINDOW, logistic(2.5) / logistic(5.0)),
        ((49,), WINDOW, logistic(0.5) / logistic(5.0)),
        ((40, 20), WINDOW, 1.0 - 0.11),
        ((40, 5), WINDOW, 1.0),
        ((40, 58), WINDOW, 1.0 - 0.11 * logistic(5.0)),
        ((40, 90), WINDOW, 1.0 - 0.11),
        ((40, 20, 21, 22), WINDOW, 1.0 - 0.33),
        ((40,), ((40, 49), (80, 89)), 0.0),
        ((), (), 0.0),
        ((50,), (), -0.11),
    ],
    ids=[
        "missed", "first row", "the earliest counts", "middle", "last row", "false before",
        "in probation", "false behind", "far behind", "each row costs", "one of two", "none",
        "false",
    ],
)  # fmt: skip
def test_raw_scores(at: tuple[int, ...], windows: tuple[Span, ...], expected: float) -> None:
    assert raw(rows_of(hits(100, *at), windows), 0.5).score == pytest.approx(expected)


def test_the_normalised_score_runs_from_zero_to_a_hundred() -> None:
    two = ((40, 49), (80, 89))
    assert normalised(raw(rows_of(hits(100), two), 0.5)) == 0.0
    assert normalised(raw(rows_of(hits(100, 40, 80), two), 0.5)) == pytest.approx(100.0)
    assert normalised(raw(rows_of(hits(100, 40), two), 0.5)) == pytest.approx(50.0)
    with pytest.raises(ValueError, match="without labelled windows"):
        normalised(raw(rows_of(hits(100), ()), 0.5))


def test_the_sweep_finds_the_best_threshold() -> None:
    scores = hits(100)
    scores[40], scores[20], scores[21] = 0.7, 0.6, 0.9
    rows = rows_of(scores, WINDOW)
    threshold, best = best_threshold([rows])
    assert threshold == 0.7
    assert best == pytest.approx(raw(rows, 0.7).score) == pytest.approx(1.0 - 0.11)
    assert best_threshold([rows_of(hits(100, *range(15, 40)), WINDOW)])[0] == math.inf


def test_the_series_kept_here_are_read_with_their_windows() -> None:
    series, unlabelled = read_folder(OWN)
    assert unlabelled == []
    assert [len(item.windows) for item in series] == [2, 4, 1]
    assert [len(item.at) for item in series] == [7267, 22695, 2380]


def test_a_nested_folder_and_its_unlabelled_files(tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "labels").mkdir()
    rows = "timestamp,value\n" + "".join(f"2020-01-01 00:{i:02d}:00,{i}\n" for i in range(60))
    (tmp_path / "data" / "deep" / "one.csv").write_text(rows)
    (tmp_path / "data" / "deep" / "two.csv").write_text(rows)
    (tmp_path / "labels" / "combined_windows.json").write_text(
        '{"deep/one.csv": [["2020-01-01 00:30:00.000000", "2020-01-01 00:39:00.000000"]]}'
    )
    series, unlabelled = read_folder(tmp_path / "data")
    assert [(item.name, item.windows) for item in series] == [("deep/one.csv", ((30, 39),))]
    assert unlabelled == ["deep/two.csv"]


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(Unusable, match="combined_windows"):
        read_folder(tmp_path / "in")
