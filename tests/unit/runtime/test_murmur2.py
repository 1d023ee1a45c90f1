"""Keys are hashed as Kafka's own clients do, in either form of the module."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

import pytest
from aiokafka.partitioner import murmur2 as murmur2_of_aiokafka
from hypothesis import given
from hypothesis import strategies as st

from shared.fastpath.loader import source_of
from shared.runtime import murmur2 as module_of_process


def _plain() -> object:
    """Return the function of the module as plain Python, whatever form this process has loaded."""
    spec = spec_from_file_location("murmur_plain", source_of(module_of_process.__name__))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.murmur2


FORMS = [module_of_process.murmur2, _plain()]


@pytest.mark.parametrize("murmur2", FORMS)
@given(key=st.binary(max_size=60))
def test_as_aiokafka_does(murmur2: object, key: bytes) -> None:
    assert callable(murmur2)
    assert murmur2(key) == murmur2_of_aiokafka(key) & 0xFFFFFFFF


@pytest.mark.parametrize("murmur2", FORMS)
@pytest.mark.parametrize(
    ("key", "expected"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_as_the_java_client_does(murmur2: object, key: bytes, expected: int) -> None:
    """Values of Kafka's own UtilsTest."""
    assert callable(murmur2)
    assert murmur2(key) == expected & 0xFFFFFFFF
