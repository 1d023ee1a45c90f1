"""The engine's alarms are measured: a failure is an alarm, a graver failure is a further alarm."""

from __future__ import annotations

from itertools import pairwise

from services.scoring.core.baseline.episode import EpisodeSpec
from tests.bench.quality.corpus import OWN, read_folder
from tests.bench.quality.detectors import baseline_rule


def test_within_a_day_only_a_clearly_worse_score_is_raised_again() -> None:
    spec, series = EpisodeSpec(), read_folder(OWN)[0][-1]
    raised = [
        (at, score)
        for at, score in zip(series.at, baseline_rule(series).alarms, strict=True)
        if score
    ]
    assert len(raised) > 5
    for (previous_at, previous_score), (at, score) in pairwise(raised):
        surprise = (score / (1 - score)) / (previous_score / (1 - previous_score))
        assert at - previous_at >= spec.hold_s or surprise >= spec.worse
