"""The chain finds every change, removal, insertion and move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.audit.core.trail.chain import GENESIS, ChainHead, entry_hash, seal_all, verify
from shared.contracts.audit import AuditEntry, AuditOutcome
from shared.contracts.fields import Status
from shared.runtime.outbound_records import encode
from tests.unit.audit.builders import T0, a_chain, a_draft

lengths = st.integers(min_value=1, max_value=12)


@given(lengths)
def test_an_untouched_chain_holds(length: int) -> None:
    chain = a_chain(length)
    assert verify(chain) is None
    assert verify(chain, head=ChainHead(chain[-1].sequence, chain[-1].hash)) is None
    assert [entry.sequence for entry in chain] == list(range(1, length + 1))
    assert chain[0].prev_hash == GENESIS.hash


@given(lengths, st.integers(min_value=0, max_value=12))
def test_a_chain_can_be_verified_in_parts(length: int, cut: int) -> None:
    chain = a_chain(length)
    cut = min(cut, length)
    previous = GENESIS if cut == 0 else ChainHead(chain[cut - 1].sequence, chain[cut - 1].hash)
    assert verify(chain[:cut]) is None
    assert verify(chain[cut:], previous=previous) is None


CHANGES: dict[str, object] = {
    "id": "aud-other",
    "status": Status.EXERCISE,
    "occurred_at": T0.replace(microsecond=1),
    "sent_at": T0.replace(microsecond=1),
    "origin_unit": "500000000000",
    "trace_id": "other",
    "references": ("other",),
    "sequence": 99,
    "actor": "o-2",
    "action": "alert.dismiss",
    "subject_id": "alt-2",
    "outcome": AuditOutcome.REFUSED,
    "reason": "改",
    "prev_hash": "1" * 64,
    "hash": "1" * 64,
}


@given(lengths, st.data(), st.sampled_from(sorted(CHANGES)))
def test_every_single_change_is_found_where_it_is(
    length: int, data: st.DataObject, name: str
) -> None:
    chain = a_chain(length)
    index = data.draw(st.integers(0, length - 1))
    changed = chain[index].model_copy(update={name: CHANGES[name]})
    assert verify([*chain[:index], changed, *chain[index + 1 :]]) == index


@given(st.integers(2, 12), st.data())
def test_a_change_with_a_new_hash_breaks_the_next_entry(length: int, data: st.DataObject) -> None:
    chain = a_chain(length)
    index = data.draw(st.integers(0, length - 2))
    changed = chain[index].model_copy(update={"reason": "改"})
    changed = changed.model_copy(update={"hash": entry_hash(changed)})
    assert verify([*chain[:index], changed, *chain[index + 1 :]]) == index + 1


@given(lengths, st.data())
def test_every_removal_is_found(length: int, data: st.DataObject) -> None:
    chain = a_chain(length)
    index = data.draw(st.integers(0, length - 1))
    head = ChainHead(chain[-1].sequence, chain[-1].hash)
    assert verify([*chain[:index], *chain[index + 1 :]], head=head) == index


@given(st.integers(2, 12), st.data())
def test_every_reordering_is_found(length: int, data: st.DataObject) -> None:
    chain = a_chain(length)
    shuffled = data.draw(st.permutations(chain))
    first = next((n for n, (a, b) in enumerate(zip(chain, shuffled, strict=True)) if a != b), None)
    assert verify(shuffled) == first


@given(lengths, st.data())
def test_every_insertion_is_found(length: int, data: st.DataObject) -> None:
    chain = a_chain(length)
    index = data.draw(st.integers(0, length))
    twin = data.draw(st.sampled_from(chain))
    head = ChainHead(chain[-1].sequence, chain[-1].hash)
    assert verify([*chain[:index], twin, *chain[index:]], head=head) is not None


@given(lengths)
def test_the_hash_survives_the_way_through_a_topic(length: int) -> None:
    chain = [AuditEntry.model_validate_json(encode(entry)) for entry in a_chain(length)]
    assert verify(chain) is None


def test_the_hash_is_the_documented_one() -> None:
    (entry,) = seal_all([a_draft("rec-1", reason="核实")], GENESIS, T0)
    import hashlib
    import json

    fields = json.loads(encode(entry))
    fields.pop("hash")
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert entry.hash == hashlib.sha256(canonical.encode()).hexdigest()
