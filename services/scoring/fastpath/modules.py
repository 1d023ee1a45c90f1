"""The modules of scoring with a compiled form. This module itself imports none of the list."""

from __future__ import annotations

from shared.fastpath.loader import SHARED_MODULES

MODULES = (
    *SHARED_MODULES,
    "services.scoring.fastpath.reading_scanner",
    "services.scoring.core.rules.fast_rule_set",
    "services.scoring.core.baseline.tail",
    "services.scoring.core.baseline.memory",
    "services.scoring.core.baseline.season",
    "services.scoring.core.baseline.baseline",
    "services.scoring.core.alarms.alarm_state",
    "services.scoring.core.state.id_hash",
    "services.scoring.core.readings.windows",
    "services.scoring.core.rules.thresholds",
    "services.scoring.core.state.sensor_state",
    "services.scoring.core.state.stored_state",
    "services.scoring.core.readings.history",
    "services.scoring.core.evaluation.rule_evaluation",
    "services.scoring.core.alarms.alarm_changes",
    "services.scoring.core.evaluation.reprocessing",
    "services.scoring.core.evaluation.evaluation",
    "services.scoring.fastpath.bounds",
    "services.scoring.fastpath.fast_evaluation",
    "services.scoring.fastpath.loop",
)
"""Dependencies come first. Each module has a `.pxd` beside it."""
