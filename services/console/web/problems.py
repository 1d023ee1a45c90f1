"""Refusals as RFC 9457 problem documents: the error, its field, and whether to try again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from services.console.recording.action_recorder import ActionConflict, KeyReused
from shared.contracts.refusals import RefusedFor
from shared.runtime.errors import Transient

RETRY_AFTER_S = 2


class ApiProblem(Exception):
    """A request that is answered with a problem document.

    With `trail` the refusal is also written to the audit trail, with `place` and `verb`.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        reason: str | None = None,
        errors: Sequence[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
        trail: RefusedFor | None = None,
        place: str | None = None,
        verb: str = "",
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.reason = reason
        self.errors = errors
        self.headers = dict(headers or {})
        self.trail = trail
        self.place = place
        self.verb = verb


def problem(refused: ApiProblem) -> Response:
    """Return the problem document of a refusal."""
    body: dict[str, object] = {
        "type": "about:blank",
        "status": refused.status,
        "title": refused.title,
    }
    if refused.detail:
        body["detail"] = refused.detail
    if refused.reason:
        body["reason"] = refused.reason
    if refused.errors:
        body["errors"] = list(refused.errors)
    return Response(
        to_json(body), refused.status, refused.headers, media_type="application/problem+json"
    )


UNAVAILABLE = ApiProblem(
    503,
    "Not available now",
    "Nothing is lost: send the same request again.",
    reason="unavailable",
    headers={"Retry-After": str(RETRY_AFTER_S)},
)
KEY_REUSED = ApiProblem(
    409,
    "The idempotency key has been used",
    "It stood for another request; a new act needs a new key.",
    reason="key_reused",
)


def unknown(noun: str) -> ApiProblem:
    """Return 404: the object does not exist."""
    return ApiProblem(404, f"No such {noun}", reason="unknown")


def hidden(
    noun: str, place: str | None, trail: RefusedFor = RefusedFor.OUTSIDE_SUBTREE, verb: str = ""
) -> ApiProblem:
    """Return 404 for an object that the viewer may not see; only the audit trail has the reason."""
    return ApiProblem(404, f"No such {noun}", reason="unknown", trail=trail, place=place, verb=verb)


def cross_site(title: str = "Not from our own page") -> ApiProblem:
    """Return 403 for a request of another site, or for an endpoint for browsers only."""
    return ApiProblem(403, title, reason="cross_site", trail=RefusedFor.CROSS_SITE)


def install(app: FastAPI, noted: Callable[[Request, ApiProblem], None]) -> None:
    """Answer every failure with a problem document; an unexpected one reveals nothing.

    `noted` writes refusals to the audit trail.
    """

    @app.exception_handler(ApiProblem)
    async def _refused(request: Request, error: ApiProblem) -> Response:
        noted(request, error)
        return problem(error)

    @app.exception_handler(Transient)
    async def _transient(_request: Request, _error: Transient) -> Response:
        return problem(UNAVAILABLE)

    @app.exception_handler(KeyReused)
    async def _reused(_request: Request, _error: KeyReused) -> Response:
        return problem(KEY_REUSED)

    @app.exception_handler(ActionConflict)
    async def _conflict(_request: Request, _error: ActionConflict) -> Response:
        return problem(
            ApiProblem(
                409,
                "Already done",
                "You have done this before, with another content; the first one counts.",
                reason="act_conflict",
            )
        )

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"where": ".".join(str(part) for part in item["loc"]), "what": item["msg"]}
            for item in error.errors()[:20]
        ]
        return problem(ApiProblem(422, "The request is not valid", reason="invalid", errors=errors))

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI: the bytes are no text
            return problem(missing_field("", "is not what its media type says, or not UTF-8"))
        title = HTTPStatus(error.status_code).phrase
        return problem(ApiProblem(error.status_code, title, headers=error.headers))

    @app.exception_handler(Exception)
    async def _bug(_request: Request, _error: Exception) -> Response:
        return problem(ApiProblem(500, "Internal error", reason="bug"))


def missing_field(field: str, detail: str) -> ApiProblem:
    """Return 422 for a field that is needed; "" is the body itself."""
    return ApiProblem(
        422,
        "The request is not valid",
        reason="invalid",
        errors=[{"where": f"body.{field}".rstrip("."), "what": detail}],
    )
