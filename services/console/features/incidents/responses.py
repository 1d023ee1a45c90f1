"""Models of the responses with new incidents."""

from __future__ import annotations

from services.console.web.response_models import RecordedAction


class RecordedIncident(RecordedAction):
    """Kafka has the report of the incident; `restricted` may be so by rule."""

    incident_id: str
    place: str
    place_name: str
    restricted: bool
