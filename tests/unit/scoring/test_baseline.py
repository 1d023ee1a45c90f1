"""The adaptive baseline: silent on usual series, alert on odd ones, equal after a restart."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.scoring.core.baseline.baseline import Baseline, BaselineVerdict
from services.scoring.core.baseline.episode import EpisodeSpec, ScoreEpisode
from services.scoring.core.baseline.memory import BaselineSpec

SPEC = BaselineSpec()
STEP = 300.0
DAY = 288
START = 1_700_006_400.0
Point = tuple[float, float]

values = st.one_of(
    st.floats(-1e308, 1e308, allow_nan=False),
    st.floats(-10, 10),
    st.sampled_from([0.0, -0.0, 5.0, 1e300, -1e300, 5e-324]),
)
gaps = st.sampled_from([0.0, 1.0, 60.0, 300.0, 3600.0, 1e6, -30.0])
readings = st.lists(st.tuples(gaps, values), min_size=1, max_size=120)
EAGER = BaselineSpec(warm_up=5, warm_up_s=0.0, level_memory=30, shift_memory=10)


def noise(at: int) -> float:
    return random.Random(at).gauss(0.0, 1.0)


def feed(
    length: int, value: Callable[[int], float], spec: BaselineSpec = SPEC
) -> list[BaselineVerdict | None]:
    model = Baseline()
    return [model.step(spec, START + i * STEP, value(i)) for i in range(length)]


def events_of(verdicts: list[BaselineVerdict | None]) -> list[tuple[int, str]]:
    return changes([None if verdict is None else verdict.score for verdict in verdicts])


def changes(scores: Sequence[float | None]) -> list[tuple[int, str]]:
    """Return where the counting score begins, grows and ends."""
    episode, events, before = ScoreEpisode(), [], 0.0
    for i, score in enumerate(scores):
        if score is None:
            continue
        score_that_counts = episode.step(EpisodeSpec(), START + i * STEP, score)
        if score_that_counts != before:
            events.append(
                (i, "cleared" if not score_that_counts else "worse" if before else "raised")
            )
        before = score_that_counts
    return events


def timed(points: list[Point]) -> list[Point]:
    at, out = START, []
    for gap, value in points:
        at += gap
        out.append((at, value))
    return out


@given(readings, st.integers(0, 120))
@settings(max_examples=60, deadline=None)
def test_a_restart_anywhere_changes_nothing(points: list[Point], where: int) -> None:
    baseline, other_baseline = Baseline(), Baseline()
    for i, (at, value) in enumerate(timed(points)):
        if i == where:
            stored = json.loads(json.dumps(other_baseline.dump()))
            other_baseline = Baseline.load(stored)
            assert other_baseline.dump() == stored
        assert baseline.step(EAGER, at, value) == other_baseline.step(EAGER, at, value)
    assert baseline.dump() == other_baseline.dump()


@given(readings)
@settings(max_examples=60, deadline=None)
def test_everything_said_is_finite(points: list[Point]) -> None:
    model = Baseline()
    for at, value in timed(points):
        verdict = model.step(EAGER, at, value)
        if verdict is not None:
            numbers = (verdict.score, verdict.expected, verdict.spread, verdict.sigmas)
            assert all(map(math.isfinite, numbers))
            assert 0.0 <= verdict.score <= 1.0
            assert abs(verdict.sigmas) <= 999.0
            assert verdict.spread >= 0.0


@given(st.lists(st.floats(0, 1), max_size=200))
@example([1.0, math.nextafter(1.0, 0.0)])
def test_an_episode_survives_a_restart_and_never_wanes(scores: list[float]) -> None:
    episode, other_episode, before = ScoreEpisode(), ScoreEpisode(), 0.0
    for i, score in enumerate(scores):
        other_episode = ScoreEpisode.load(json.loads(json.dumps(other_episode.dump())))
        score_that_counts = episode.step(EpisodeSpec(), i * STEP, score)
        assert score_that_counts == other_episode.step(EpisodeSpec(), i * STEP, score)
        assert score_that_counts == 0.0 or score_that_counts >= max(before, 0.5)
        before = score_that_counts


def square(i: int) -> float:
    return 80.0 if 100 <= i % DAY < 200 else 20.0


def sine(i: int) -> float:
    return 50.0 + 10.0 * math.sin(i / DAY * 2 * math.pi)


@pytest.mark.parametrize(
    "value",
    [lambda i: 0.0, lambda i: 5.0, lambda i: -1e300, square, sine, lambda i: float(i % 2)],
    ids=["zero", "constant", "huge", "square", "sine", "toggle"],
)
def test_silent_on_what_repeats_exactly(value: Callable[[int], float]) -> None:
    """From the sixth day on: before, it cannot know that the pattern is one."""
    assert [event for i, event in events_of(feed(14 * DAY, value)) if i > 5 * DAY] == []


@pytest.mark.parametrize(
    "value",
    [
        lambda i: 20.0 + 3.0 * random.Random(i).random(),
        noise,
        lambda i: sine(i) + 0.3 * noise(i),
    ],
    ids=["uniform", "normal", "noisy sine"],
)
def test_noise_rarely_raises(value: Callable[[int], float]) -> None:
    """Chance alone reaches any limit in the end: at most one false alarm in four days here."""
    raised = [i for i, event in events_of(feed(12 * DAY, value)) if event != "cleared"]
    assert len(raised) <= 3


AT = 8 * DAY + 150
ODD: dict[str, tuple[Callable[[int], float], int]] = {
    "step up": (lambda i: 50.0 + noise(i) + (12.0 if i >= AT else 0.0), 3),
    "step down": (lambda i: 50.0 + noise(i) - (12.0 if i >= AT else 0.0), 3),
    "spike": (lambda i: 50.0 + noise(i) + (15.0 if i == AT else 0.0), 1),
    "drift": (lambda i: 50.0 + noise(i) + min(max(i - AT, 0) / 20.0, 12.0), 150),
    "stuck": (lambda i: 50.0 + (noise(i) if i < AT else 0.0), 36),
    "unrest": (lambda i: 50.0 + noise(i) * (5.0 if i >= AT else 1.0), 12),
    "absurd": (lambda i: 1e300 if i == AT else 50.0 + noise(i), 1),
    "first change of a constant": (lambda i: 6.0 if i >= AT else 5.0, 1),
    "a missing day": (lambda i: 20.0 if i >= AT else square(i) + 0.5 * noise(i), 24),
}


@pytest.mark.parametrize("name", ODD)
def test_catches(name: str) -> None:
    value, within = ODD[name]
    events = events_of(feed(AT + 200, value))
    after = [(i, event) for i, event in events if i >= AT and event != "cleared"]
    assert after, "nothing was raised"
    first, event = after[0]
    assert event == "raised"
    assert AT <= first < AT + within


def test_an_officer_reads_what_was_expected() -> None:
    verdict = feed(AT + 1, lambda i: 81.0 + 3.0 * noise(i) if i < AT else 55.0)[-1]
    assert verdict is not None
    assert verdict.reason in ("level", "jump")
    assert verdict.expected == pytest.approx(81.0, abs=3.0)
    assert verdict.spread == pytest.approx(3.0, rel=0.5)
    assert verdict.sigmas < -5.0
    assert verdict.score > 0.5


def test_a_lasting_step_does_not_flap() -> None:
    events = events_of(feed(AT + 4 * DAY, lambda i: 50.0 + noise(i) + (12.0 if i >= AT else 0.0)))
    raised = [i for i, event in events if event == "raised" and i >= AT]
    assert raised
    assert len(raised) <= 2
    assert all(b - a >= DAY for a, b in pairwise(raised))


def test_an_anomaly_is_not_learnt_at_once() -> None:
    verdicts = feed(AT + DAY, lambda i: 50.0 + noise(i) + (12.0 if i >= AT else 0.0))
    after = verdicts[AT + DAY // 2]
    assert after is not None
    assert after.expected < 56.0 or after.reason == "jump"


def test_what_lasts_for_days_becomes_normal() -> None:
    verdicts = feed(AT + 12 * DAY, lambda i: 50.0 + noise(i) + (30.0 if i >= AT else 0.0))
    late = [v.score for v in verdicts[-DAY:] if v is not None]
    assert sum(score >= 0.5 for score in late) < DAY / 20


def test_one_absurd_value_does_not_blind() -> None:
    def value(i: int) -> float:
        odd = {10: 1e300, 4 * DAY: -1e300, AT: 65.0}
        return odd.get(i, 50.0 + noise(i))

    assert AT in [i for i, event in events_of(feed(AT + 5, value)) if event != "cleared"]


def test_a_gap_is_no_jump() -> None:
    model = Baseline()
    for i in range(6 * DAY):
        model.step(SPEC, START + i * STEP, sine(i) + 0.3 * noise(i))
    i = 6 * DAY + 5 * DAY // 2
    verdict = model.step(SPEC, START + i * STEP, sine(i))
    assert verdict is not None
    assert verdict.score < 0.5


def test_a_late_reading_changes_nothing() -> None:
    model = Baseline()
    for i in range(400):
        model.step(SPEC, START + i * STEP, noise(i))
    before = model.dump()
    assert model.step(SPEC, START, 1e9) is None
    assert model.dump() == before


def test_silent_while_warming_up() -> None:
    assert feed(SPEC.warm_up, lambda i: 1e6 * noise(i)) == [None] * SPEC.warm_up


def test_the_state_is_bounded() -> None:
    model = Baseline()
    chance = random.Random(1)
    sizes = []
    for i in range(3000):
        model.step(
            SPEC, START + i * STEP, chance.choice((-1, 1)) * 10.0 ** chance.uniform(-300, 300)
        )
        if i % 500 == 499:
            sizes.append(len(json.dumps(model.dump())))
    assert max(sizes) < 6000


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 99"):
        Baseline.load([99])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.6] * 5 + [0.1] * 12, [(0, "raised"), (16, "cleared")]),
        ([0.6, 0.1] * 20, [(0, "raised")]),
        ([0.6] + [0.1] * 12 + [0.6], [(0, "raised"), (12, "cleared")]),
        ([0.6] + [0.1] * 12 + [0.8], [(0, "raised"), (12, "cleared"), (13, "raised")]),
        ([0.6, 0.62, 0.8], [(0, "raised"), (2, "worse")]),
        ([0.6] + [0.1] * 400 + [0.6], [(0, "raised"), (12, "cleared"), (401, "raised")]),
        ([0.49] * 50, []),
    ],
    ids=["clears", "no flapping", "held", "graver", "worse", "anew", "below"],
)
def test_episodes(scores: list[float], expected: list[tuple[int, str]]) -> None:
    assert changes(scores) == expected
