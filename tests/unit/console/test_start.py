"""The console starts without what only some of its answers need."""

from __future__ import annotations

import subprocess
import sys


def test_a_start_does_not_load_the_printer() -> None:
    code = (
        "import sys, services.console.app; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "services" in loaded
    assert not {"fpdf", "pylopdf_fonts_zh_cn", "fontTools"} & set(loaded)
