"""The measured scores are those of the engine: one failure is one alarm, a graver failure is
another.
"""

from __future__ import annotations

from itertools import pairwise

from services.scoring.core.baseline_episode import EpisodeSpec
from tests.bench.quality.corpus import OWN, read_folder
from tests.bench.quality.detectors import baseline


def test_within_a_day_only_what_is_clearly_worse_is_raised_again() -> None:
    spec, series = EpisodeSpec(), read_folder(OWN)[0][-1]
    raised = [
        (at, score) for at, score in zip(series.at, baseline(series).alarms, strict=True) if score
    ]
    assert len(raised) > 5
    for (before, previous_score), (at, score) in pairwise(raised):
        surprise = (score / (1 - score)) / (previous_score / (1 - previous_score))
        assert at - before >= spec.hold_s or surprise >= spec.worse
