"""A volume of the suite is full when it says so, and has room again."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.errors import StackError
from tests.faults.suite.volumes import Volume, mounted, unmount


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    result = Volume(tmp_path / "data")
    try:
        result.mount(2)
    except (OSError, StackError) as error:
        pytest.skip(f"no volume can be mounted here: {error}")
    yield result
    unmount(tmp_path)
    assert not [*mounted(tmp_path)]


def test_a_full_volume_takes_no_byte_until_it_is_emptied(volume: Volume) -> None:
    path = volume.folder / "log"
    path.write_bytes(b"first")
    volume.fill()
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        path.write_bytes(bytes(2**16))
    volume.empty()
    path.write_bytes(bytes(2**16))
