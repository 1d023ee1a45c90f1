"""The changes of a source, from one entry to the next: for the command and the screen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.sources import KeyHash, SourceEntry

_MOST_OLDER_KEYS = 3
"""Beside the newest key; an entry has four at most."""


class WrongChange(ValueError):
    """The change cannot be made; the first argument names the sentence that says why."""


def created(old: SourceEntry | None, fields: Mapping[str, Any], key: str) -> SourceEntry:
    """Return a new source with its first key; one that has ended may begin again.

    Raises WrongChange, and ValidationError for a wrong field.
    """
    if old is not None and not old.ended:
        raise WrongChange("exists")
    return SourceEntry(**fields, key_hashes=(_hash_of(key),))


def limited(old: SourceEntry | None, fields: Mapping[str, Any]) -> SourceEntry:
    """Return the source with other fields; what is not named stays.

    Raises WrongChange, and ValidationError for a wrong field.
    """
    present = _present(old)
    return SourceEntry(**{**dict(present), **fields})


def rotated(old: SourceEntry | None, key: str, now: datetime, overlap: timedelta) -> SourceEntry:
    """Return the source with one more key; the keys before it end after `overlap`.

    Keys that have ended are dropped. Raises WrongChange.
    """
    present, end = _present(old), now + overlap
    older = [
        KeyHash(
            sha256=key_hash.sha256,
            until=end if key_hash.until is None else min(key_hash.until, end),
        )
        for key_hash in present.key_hashes
        if end > now and (key_hash.until is None or key_hash.until > now)
    ]
    if len(older) > _MOST_OLDER_KEYS:
        raise WrongChange("many_keys")
    return present.model_copy(update={"key_hashes": (*older, _hash_of(key))})


def revoked(old: SourceEntry | None, *, older_keys_only: bool) -> SourceEntry:
    """Return the source without keys, ended; or with its newest key alone. Raises WrongChange."""
    present = _present(old)
    if older_keys_only:
        return present.model_copy(update={"key_hashes": present.key_hashes[-1:]})
    return present.model_copy(update={"key_hashes": (), "ended": True})


def _present(old: SourceEntry | None) -> SourceEntry:
    if old is None:
        raise WrongChange("unknown")
    if old.ended:
        raise WrongChange("ended")
    return old


def _hash_of(key: str) -> KeyHash:
    return KeyHash(sha256=hashlib.sha256(key.encode()).hexdigest())
