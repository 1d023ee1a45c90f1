"""The modules of scoring that have a compiled form. This module itself imports none of them."""

from __future__ import annotations

from shared.fastpath.loader import SHARED_MODULES

MODULES = (
    *SHARED_MODULES,
    "services.scoring.core.scan",
    "services.scoring.core.gist",
    "services.scoring.core.baseline_tail",
    "services.scoring.core.baseline_memory",
    "services.scoring.core.baseline_season",
    "services.scoring.core.baseline",
    "services.scoring.core.marks",
    "services.scoring.core.state",
    "services.scoring.core.windows",
    "services.scoring.core.ladder",
    "services.scoring.core.history",
    "services.scoring.core.quiet",
    "services.scoring.core.judge",
    "services.scoring.core.change",
    "services.scoring.core.revise",
    "services.scoring.core.engine",
    "services.scoring.loop",
)
"""Dependencies come first. Each module has a `.pxd` beside it."""
