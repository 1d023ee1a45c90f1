"""A red alert needs two people: an officer on two posts, or of two units, is one person."""

from __future__ import annotations

import pytest

from services.alerting.core.alerts.outcome import RefusalReason
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.fields import Level, Post
from tests.unit.alerting.alert_history import AlertHistory, pending_history
from tests.unit.alerting.builders import CITY, DISTRICT

APPROVE, RATIFY = DecisionVerb.APPROVE, DecisionVerb.RATIFY
ALREADY = RefusalReason.ALREADY_SIGNED


@pytest.mark.parametrize("post", Post)
def test_an_officer_on_another_post_is_the_same_person(post: Post) -> None:
    history = pending_history(Level.RED).decide(APPROVE, CITY, officer="o-1", post=Post.B)
    history.expect_refusal(
        ALREADY, APPROVE, CITY, officer="o-1", post=post, id="dec-through-another-door"
    )
    assert history.alert.state is AlertState.PENDING_APPROVAL
    assert history.decide(APPROVE, CITY, officer="o-2", post=post).alert.level is Level.RED


@pytest.mark.parametrize("post", Post)
def test_the_authorising_officer_cannot_ratify(post: Post) -> None:
    verb = DecisionVerb.AUTHORISE_EMERGENCY
    history: AlertHistory = pending_history(Level.RED)
    history.decide(verb, DISTRICT, officer="o-1", post=Post.COMMANDER, reason="溃坝在即")
    history.expect_refusal(ALREADY, RATIFY, CITY, level=Level.RED, officer="o-1", post=post)
    history.decide(RATIFY, CITY, level=Level.RED, officer="o-2", post=Post.A)
    history.expect_refusal(ALREADY, RATIFY, CITY, level=Level.RED, officer="o-2", post=Post.B)
    assert (
        history.decide(RATIFY, CITY, level=Level.RED, officer="o-3").alert.pending_ratification
        is None
    )
