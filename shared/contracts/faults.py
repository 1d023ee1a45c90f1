"""Faults of the system itself 系统故障: an alarm with an owner, never an event of the real world."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Clean, Identifier, Line, PairOfTexts, UnitId, Version

SILENT_SENSORS = "sensors_silent"
"""The kind of a fault about a place whose sensors are silent; its `areas` are the places."""


class FaultState(StrEnum):
    """A fault is raised once, and cleared when the fault is over."""

    RAISED = "raised"
    CLEARED = "cleared"


class SystemFault(RealWorld):
    """The `version`-th state of one fault of the system: 1 raised, 2 cleared.

    `kind` is a name of the finder's closed set, `subject_id` the faulty part. The duty officers of
    `unit` own the fault. `reported_by` is the finder: the auditor, Prometheus' Alertmanager, or
    alerting for silent sensors.
    """

    type: Literal["system_fault"] = "system_fault"
    fault_id: Identifier
    version: Version
    state: FaultState
    kind: Identifier
    subject_id: Annotated[str, Field(max_length=200), Clean]
    unit: UnitId
    reported_by: Identifier
    headline: Line
    text: PairOfTexts = ""
