"""The architecture picture shows the topics and services of the code."""

from __future__ import annotations

from docs.make_architecture import PICTURE, picture, uses
from shared.contracts.topics import TOPICS


def test_the_picture_is_current() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run python -m docs.make_architecture"


def test_every_public_topic_has_a_writer_and_a_reader() -> None:
    topics = uses()
    public = {name for name, spec in TOPICS.items() if spec.contract is not None}
    assert topics.keys() == public
    outside = {name for name, use in topics.items() if not use.writers}
    assert all(TOPICS[name].owner not in ("scoring", "alerting", "command") for name in outside)
