"""The form of a body: JSON passes; repeated keys and unlimited nesting do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.bodies.strict_json import MAX_DEPTH, MAX_NAMES, NameCheck, check
from services.ingest.core.refusals import ProblemKind, RequestRefused

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
    kind: ProblemKind | None = None
    try:
        check(body)
    except RequestRefused as refused:
        kind = refused.kind
    if kind is None:
        json.loads(body.decode())
    assert kind in (None, ProblemKind.NOT_JSON, ProblemKind.DUPLICATE_KEY, ProblemKind.TOO_DEEP)


@given(st.dictionaries(st.text(), st.integers(), min_size=1, max_size=5), st.data())
def test_a_repeated_key_is_always_found(value: dict[str, int], data: st.DataObject) -> None:
    repeated = data.draw(st.sampled_from(sorted(value)))
    body = json.dumps(value)[:-1] + f", {json.dumps(repeated)}: 0}}"
    with pytest.raises(RequestRefused) as refused:
        check(json.dumps([1])[:-1].encode() + b", " + body.encode() + b"]")
    assert refused.value.kind is ProblemKind.DUPLICATE_KEY


@pytest.mark.parametrize(("levels", "allowed"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
@pytest.mark.parametrize(("opens", "inside", "closes"), [("[", "", "]"), ('{"a":', "1", "}")])
def test_the_depth_limit(levels: int, allowed: bool, opens: str, inside: str, closes: str) -> None:
    body = (opens * levels + inside + closes * levels).encode()
    if allowed:
        check(body)
    else:
        with pytest.raises(RequestRefused) as refused:
            check(body)
        assert refused.value.kind is ProblemKind.TOO_DEEP


class Name(str):
    """A key that counts its comparisons."""

    comparisons = 0
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, value: object) -> bool:
        Name.comparisons += 1
        return str.__eq__(self, value)


def test_a_repeated_key_is_found_by_looking_at_each_key_once() -> None:
    Name.comparisons = 0
    pairs = [(Name(f"{number:x}"), 0) for number in (*range(5_000), 4_999)]
    with pytest.raises(RequestRefused) as refused:
        NameCheck().make_object(pairs)
    assert (refused.value.kind, refused.value.problems[0].location) == ("duplicate_key", "1387")
    assert Name.comparisons < 10 * len(pairs)


@pytest.mark.parametrize("objects", [1, 100])
def test_no_body_has_names_without_end(objects: int) -> None:
    def body(names: int) -> bytes:
        object_ = {f"{number:x}": 0 for number in range(names // objects)}
        return json.dumps([object_] * objects).encode()

    check(body(MAX_NAMES))
    with pytest.raises(RequestRefused) as refused:
        check(body(MAX_NAMES + objects))
    assert refused.value.kind is ProblemKind.TOO_LARGE
