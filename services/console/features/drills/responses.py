"""Models of the responses with drills."""

from __future__ import annotations

from services.console.web.response_models import RecordedAction


class RecordedDrill(RecordedAction):
    """Kafka has the report that opens the drill."""

    incident_id: str
