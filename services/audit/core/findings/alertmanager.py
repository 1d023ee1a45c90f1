"""Notifications of Prometheus' Alertmanager (webhook, version 4) as findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.audit.core.findings.detection import AuditFinding
from services.audit.core.findings.snapshot import FindingKind
from shared.contracts.fields import Status, cleaned

_Label = Annotated[str, Field(max_length=4_096)]


class MonitoringAlert(BaseModel):
    """One alert; the fingerprint identifies the set of its labels."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Literal["firing", "resolved"]
    labels: Mapping[str, _Label] = {}
    annotations: Mapping[str, _Label] = {}
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]

    def finding(self) -> AuditFinding:
        """Return the alert as a finding; its subject is the same when the alert is resolved."""
        name = cleaned(self.labels.get("alertname", "alert"))[:80]
        place = cleaned(self.labels.get("instance", self.labels.get("job", "")))[:60]
        detail = self.annotations.get("summary", "") or self.annotations.get("description", "")
        return AuditFinding(
            FindingKind.REPORTED,
            f"{name} {place} {self.fingerprint}",
            Status.ACTUAL,
            cleaned(detail)[:1_000],
        )


class MonitoringNotification(BaseModel):
    """The body of a webhook: the alerts of one group."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    alerts: Annotated[tuple[MonitoringAlert, ...], Field(max_length=1_000)]
