"""Response modes and their proposals, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.names import Names
from services.console.core.record import Json, Record
from services.console.features.modes.actions import verbs_of
from shared.contracts.fields import ResponseMode, Status
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.response_modes.order import STRICTNESS
from shared.domain.response_modes.wording import preview


def modes_of(rows: Iterable[Record]) -> Modes:
    """Return the decisions from rows of the read model."""
    return Modes(
        (
            Status(row["status"]),
            Effective(ResponseMode(row["mode"]), row["version"], row["unit"]),
        )
        for row in rows
    )


def effective_view(modes: Modes, status: Status, unit: str, names: Names) -> Json:
    """Return the mode in force for a unit, and the unit of the decision."""
    result = modes.effective(status, unit)
    return {
        "unit": unit,
        "unit_name": names.unit(unit),
        "mode": result.mode,
        "version": result.version,
        "decided_at": result.unit,
        "decided_at_name": None if result.unit is None else names.unit(result.unit),
        "own": modes.own(status, unit).mode,
    }


def proposal_view(row: Record, viewer: Viewer, modes: Modes, names: Names) -> Json:
    """Return a proposal with the verbs offered to the officer and the changes it causes."""
    return {
        "proposal_id": row["proposal_id"],
        "status": row["status"],
        "version": row["version"],
        "state": row["state"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "mode": row["mode"],
        "until": row["until"],
        "decide_by": row["decide_by"],
        "proposed_by": row["proposed_by"],
        "signatures": json.loads(row["signatures"]),
        "next_posts": list(row["next_posts"]),
        "alert_id": row["alert_id"],
        "reason": row["reason"] if opens(viewer, row["unit"], row["data_grade"]) else "",
        "sent_at": row["sent_at"],
        "may": verbs_of(viewer, row),
        "preview": change(modes, Status(row["status"]), row["unit"], row["mode"], names),
    }


def change(modes: Modes, status: Status, unit: str, own: str, names: Names) -> Json:
    """Return the change in words: the mode at `unit` now, and after the unit decides `own`."""
    now = modes.effective(status, unit)
    above = modes.inherited(status, unit)
    after = max(ResponseMode(own), above.mode, key=STRICTNESS.__getitem__)
    zh, en = preview(names.unit(unit), now.mode, after)
    return {"from": now.mode, "to": after, "inherited": above.mode, "zh": zh, "en": en}
