"""Sources with their activity and their refusals, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.console.core.names import UnitNames
from services.console.core.record import Json
from services.console.features.sources.activity import ActivityRow
from services.console.features.sources.source_book import CataloguedSource
from shared.contracts.refusals import SourceRefusal
from shared.contracts.sources import KeyHash

_ALL = "*"
_SHOWN_OF_DIGEST = 8
_MOST_REASONS = 20


def source(
    catalogued: CataloguedSource,
    activity: ActivityRow | None,
    refusals: Iterable[SourceRefusal],
    names: UnitNames,
    now: datetime,
) -> Json:
    """Return a source: its limits, keys without their digests, activity and refusals of a day."""
    entry = catalogued.entry
    keys = [_key(key) for key in entry.key_hashes if is_valid(key, now)]
    reasons = _reasons(refusals)
    return {
        "source": entry.source,
        "record_id": catalogued.record_id,
        "name": entry.name,
        "owner": entry.owner,
        "owner_name": names.unit(entry.owner),
        "state": "ended" if entry.ended else "active" if keys else "without_key",
        "doors": list(entry.doors),
        "sensors": list(entry.sensors),
        "places": [
            {"unit": place, "name": None if place == _ALL else names.unit(place)}
            for place in entry.places
        ],
        "per_minute": entry.per_minute,
        "grade": entry.grade,
        "sets_grade": entry.sets_grade,
        "synthetic": entry.synthetic,
        "keys": keys,
        "last_reading_at": None if activity is None else activity.last_at,
        "last_received_at": None if activity is None else activity.received_at,
        "used_per_minute": 0 if activity is None else activity.used_at(now),
        "refused": sum(reason["count"] for reason in reasons),
        "refusals": reasons[:_MOST_REASONS],
    }


def is_valid(key: KeyHash, now: datetime) -> bool:
    """Return whether a key is still accepted."""
    return key.until is None or now < key.until


def _key(key: KeyHash) -> Json:
    return {"fingerprint": key.sha256[:_SHOWN_OF_DIGEST], "until": key.until}


def _reasons(refusals: Iterable[SourceRefusal]) -> list[Json]:
    """Return the refusals by code and action, those that were refused last first.

    The words are those of the newest refusal. `refusals` are in order, the newest first.
    """
    results: dict[tuple[str, str], Json] = {}
    for refusal in refusals:
        code = refusal.problem or refusal.reason.value
        reason = results.setdefault(
            (code, refusal.action),
            {
                "code": code,
                "action": refusal.action,
                "count": 0,
                "since": refusal.occurred_at,
                "until": refusal.until,
                "detail": refusal.detail,
                "first_id": refusal.subject_id or None,
            },
        )
        reason["count"] += refusal.count
        reason["since"] = min(reason["since"], refusal.occurred_at)
        reason["until"] = max(reason["until"], refusal.until)
    return sorted(results.values(), key=lambda reason: reason["until"], reverse=True)
