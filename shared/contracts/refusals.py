"""Refused acts 拒绝留痕: attempts without the right, at a door, kept in the audit trail."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Clean, Count, Identifier, Instant, Line, Slug, UnitId

UNKNOWN = "unknown"
"""The actor of an attempt without a known account."""


class RefusedFor(StrEnum):
    """The reason of a refusal; a closed set: the reasons of the access rules, then of sign-in."""

    OUTSIDE_SUBTREE = "outside_subtree"
    NOT_ABOVE_PLACE = "not_above_place"
    NOT_APPROVER = "not_approver"
    NOT_RECIPIENT = "not_recipient"
    NOT_ISSUER = "not_issuer"
    NOT_YOUR_PAGE = "not_your_page"
    NOTHING_BELOW = "nothing_below"
    NOT_DECIDER = "not_decider"
    WRONG_POST = "wrong_post"
    SIGNED_ALREADY = "signed_already"
    NOT_REPORTER = "not_reporter"
    NOT_UPWARD = "not_upward"
    NO_SIGHT = "no_sight"
    NO_COMMAND = "no_command"
    NOT_PAGEABLE = "not_pageable"
    NOT_OPERATOR = "not_operator"
    NOT_ADMINISTRATOR = "not_administrator"
    PHOTO_QUOTA = "photo_quota"
    CROSS_SITE = "cross_site"
    """Not from our own page (CSRF); the actor is whose session would have been used."""
    SIGNED_OUT = "signed_out"
    """Without any credential."""
    NOT_VALID = "not_valid"
    """With a session, or the key of a source, that has ended, or a token that nobody has."""
    SIGNATURE = "signature"
    """A carrier's call that is not signed with its key."""
    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    THROTTLED = "throttled"
    LINK_VOID = "link_void"
    PROVIDER = "provider"
    """Not signed in through OIDC."""
    ID_CONFLICT = "id_conflict"
    """Another body under the id of an accepted record."""
    DOOR_NOT_ALLOWED = "door_not_allowed"
    """Of a source, as the next ones: beyond what its entry in the catalogue allows."""
    SENSOR_NOT_ALLOWED = "sensor_not_allowed"
    PLACE_NOT_ALLOWED = "place_not_allowed"
    GRADE_NOT_ALLOWED = "grade_not_allowed"
    RATE_EXCEEDED = "rate_exceeded"
    NOT_ACCEPTABLE = "not_acceptable"
    """No right is missing: the record is wrong. Such refusals are no entries of the trail."""


class Refusal(RealWorld):
    """A refusal, and `count` repetitions from `occurred_at` to `until`.

    `actor` is the officer; with `wrong_password` the account of the attempt. `action` is the method
    and path of the OpenAPI document and the verb. The record holds no part of a credential.
    """

    type: Literal["refusal"] = "refusal"
    actor: Identifier
    action: Line
    reason: RefusedFor
    place: UnitId | None = None
    subject_id: Annotated[str, Field(max_length=200), Clean] = ""
    address: Annotated[str, Field(max_length=64), Clean] = ""
    count: Annotated[Count, Field(ge=1)] = 1
    until: Instant


class SourceRefusal(RealWorld):
    """A refused record of a source, and `count` repetitions from `occurred_at` to `until`.

    `action` is the method and path of ingest's document, `subject_id` the id of the first record.
    `problem` is the kind of what is wrong, as in the answer of ingest, and `detail` says it of the
    first record: the place in the body, the words, what is allowed.
    """

    type: Literal["source_refusal"] = "source_refusal"
    source: Identifier
    action: Line
    reason: RefusedFor
    subject_id: Annotated[str, Field(max_length=200), Clean] = ""
    count: Annotated[Count, Field(ge=1)] = 1
    until: Instant
    problem: Slug | None = None
    detail: Line | None = None
