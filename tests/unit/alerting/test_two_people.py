"""Red takes two people: not one on two posts, of two units, or in an emergency and again for the gate."""

from __future__ import annotations

import pytest

from services.alerting.core.alerts.outcome import RefusalReason
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.fields import Level, Post
from tests.unit.alerting.builders import CITY, DISTRICT
from tests.unit.alerting.stories import Story, pending

APPROVE, RATIFY = DecisionVerb.APPROVE, DecisionVerb.RATIFY
ALREADY = RefusalReason.ALREADY_SIGNED


@pytest.mark.parametrize("post", Post)
def test_on_another_post_he_is_the_same_person(post: Post) -> None:
    story = pending(Level.RED).decides(APPROVE, CITY, officer="o-1", post=Post.B)
    story.refuses(ALREADY, APPROVE, CITY, officer="o-1", post=post, id="dec-through-another-door")
    assert story.alert.state is AlertState.PENDING_APPROVAL
    assert story.decides(APPROVE, CITY, officer="o-2", post=post).alert.level is Level.RED


@pytest.mark.parametrize("post", Post)
def test_who_issued_in_an_emergency_is_none_of_those_who_ratify(post: Post) -> None:
    verb = DecisionVerb.AUTHORISE_EMERGENCY
    story: Story = pending(Level.RED)
    story.decides(verb, DISTRICT, officer="o-1", post=Post.COMMANDER, reason="溃坝在即")
    story.refuses(ALREADY, RATIFY, CITY, level=Level.RED, officer="o-1", post=post)
    story.decides(RATIFY, CITY, level=Level.RED, officer="o-2", post=Post.A)
    story.refuses(ALREADY, RATIFY, CITY, level=Level.RED, officer="o-2", post=Post.B)
    assert story.decides(RATIFY, CITY, level=Level.RED, officer="o-3").alert.debt is None
