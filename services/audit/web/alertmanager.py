"""The door of Alertmanager: `POST /alertmanager` with a bearer token. Alerts become findings."""

from __future__ import annotations

from typing import Any

from faststream.asgi import AsgiResponse
from pydantic import SecretStr, ValidationError
from pydantic_core import to_json

from services.audit.core.findings.alertmanager import MonitoringAlert, MonitoringNotification
from services.audit.rounds.recording import FindingRecorder
from services.audit.store import findings
from services.audit.web.tokens import has_token
from shared.runtime.database import Database
from shared.runtime.errors import Transient

MOST_BYTES = 1_048_576
"""The most bytes of a notification."""


class AlertmanagerDoor:
    """An ASGI application; without a token the door is closed."""

    def __init__(
        self, database: Database, recorder: FindingRecorder, token: SecretStr | None
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._token = token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 200 when the alerts are stored; Alertmanager repeats what is answered 503."""
        status = await self._status(scope, receive)
        body = {"status": status}
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        await AsgiResponse(to_json(body), status, headers)(scope, receive, send)

    async def _status(self, scope: Any, receive: Any) -> int:
        if self._token is None:
            return 404
        if scope["method"] != "POST":
            return 405
        if not has_token(scope, self._token):
            return 401
        body = await _body(receive)
        if body is None:
            return 413
        try:
            notification = MonitoringNotification.model_validate_json(body)
        except ValidationError:
            return 422
        try:
            await self._store(notification.alerts)
        except Transient:
            return 503
        return 200

    async def _store(self, alerts: tuple[MonitoringAlert, ...]) -> None:
        firing = [alert.finding() for alert in alerts if alert.status == "firing"]
        over = [alert.finding().key for alert in alerts if alert.status == "resolved"]
        async with self._database.transaction() as transaction:
            open_findings = await findings.load_open(transaction)
            ids = [open_findings[key] for key in over if key in open_findings]
            await self._recorder.record(transaction, firing, ids)


async def _body(receive: Any) -> bytes | None:
    """Return the body of the request, None if it is too large."""
    body = b""
    while True:
        message: dict[str, Any] = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return body
