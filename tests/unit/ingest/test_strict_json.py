"""The form of a body: everything that is JSON passes, repeated keys and bottomless nesting do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.refusals import Refusal, Refused
from services.ingest.core.strict_json import MAX_DEPTH, check

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_all_json_of_bounded_depth_passes(value: Any) -> None:
    check(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    reason: Refusal | None = None
    try:
        check(body)
    except Refused as refused:
        reason = refused.reason
    if reason is None:
        json.loads(body.decode())
    assert reason in (None, Refusal.NOT_JSON, Refusal.DUPLICATE_KEY, Refusal.TOO_DEEP)


@given(st.dictionaries(st.text(), st.integers(), min_size=1, max_size=5), st.data())
def test_a_repeated_key_is_always_found(value: dict[str, int], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(sorted(value)))
    body = json.dumps(value)[:-1] + f", {json.dumps(twice)}: 0}}"
    with pytest.raises(Refused) as refused:
        check(json.dumps([1])[:-1].encode() + b", " + body.encode() + b"]")
    assert refused.value.reason is Refusal.DUPLICATE_KEY


@pytest.mark.parametrize(("levels", "allowed"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
@pytest.mark.parametrize(("opens", "inside", "closes"), [("[", "", "]"), ('{"a":', "1", "}")])
def test_the_depth_limit(levels: int, allowed: bool, opens: str, inside: str, closes: str) -> None:
    body = (opens * levels + inside + closes * levels).encode()
    if allowed:
        check(body)
    else:
        with pytest.raises(Refused) as refused:
            check(body)
        assert refused.value.reason is Refusal.TOO_DEEP
