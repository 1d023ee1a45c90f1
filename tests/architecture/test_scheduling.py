"""Two whole systems never run side by side: each is measured against what a person may wait."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.scheduling import is_whole_system

ROOT = Path(__file__).parents[2]
_STARTS = re.compile(
    r"^from tests\.support\.(demo import .*\bplay(ing)?|infrastructure import .*\brunning)\b"
    r"|\"make up\"|^from deploy\.local\.seeded_stack import",
    re.MULTILINE,
)


def test_every_test_that_starts_a_whole_system_is_on_their_side() -> None:
    results = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if _STARTS.search(path.read_text(encoding="utf-8"))
    }
    assert len(results) > 3, "nobody starts one: the sign by which they are known has changed"
    assert [result for result in results if not is_whole_system(result)] == []
