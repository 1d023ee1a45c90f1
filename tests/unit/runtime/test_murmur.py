"""Keys are hashed as Kafka's own clients do, in either form of the module."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

import pytest
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from shared.fastpath import murmur2 as murmur
from shared.fastpath.loader import source_of


def _plain() -> object:
    """The module as plain Python, whatever the process prefers."""
    spec = spec_from_file_location("murmur_plain", source_of(murmur.__name__))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.murmur2


FORMS = [murmur.murmur2, _plain()]


@pytest.mark.parametrize("ours", FORMS)
@given(key=st.binary(max_size=60))
def test_as_aiokafka_does(ours: object, key: bytes) -> None:
    assert callable(ours)
    assert ours(key) == theirs(key) & 0xFFFFFFFF


@pytest.mark.parametrize("ours", FORMS)
@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_as_the_java_client_does(ours: object, key: bytes, expected: int) -> None:
    """Values of Kafka's own UtilsTest."""
    assert callable(ours)
    assert ours(key) == expected & 0xFFFFFFFF
