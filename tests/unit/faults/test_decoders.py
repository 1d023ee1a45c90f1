"""Decoders of bytes from outside refuse in their own words, whatever the bytes are."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.fuzz.corpus import seeds
from tests.faults.fuzz.decoders import DECODERS, ReadersDiffer, run
from tests.faults.hostile.mutations import BYTES

_MUTATIONS_PER_SEED = 6


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_raises_its_own_refusals_only(name: str) -> None:
    chance = Random(name)
    mutations = sorted(BYTES)
    for seed in seeds(name):
        run(name, seed)
        for _ in range(_MUTATIONS_PER_SEED):
            run(name, BYTES[chance.choice(mutations)](chance, seed))


def test_another_error_is_not_taken_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes) -> None:
        raise ReadersDiffer(repr(data))

    monkeypatch.setitem(DECODERS, "cursor", (fail, ()))
    with pytest.raises(ReadersDiffer):
        run("cursor", b"1~a")
