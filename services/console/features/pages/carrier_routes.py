"""Webhooks for carriers: receipts of deliveries, and replies of people.

Both are signed as webhooks (standardwebhooks.com) and closed without a key. A repeated call has the
id of the first call and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from services.console.core.access import Viewer
from services.console.core.record import OutgoingRecord
from services.console.features.pages import actions, queries
from services.console.features.pages.responses import KeyResult, RecordedReceipt, ReplyResult
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from shared.contracts.fields import Identifier, Line, Post, Text
from shared.contracts.pages import AnswerVerb, Channel
from shared.contracts.refusals import RefusedFor
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.replies import KEYS, REPEAT_KEY, Reply, reference_of, understand
from shared.domain.shortening import shorten
from shared.domain.wording import REPLIES, answer

router = APIRouter(prefix="/carriers", tags=["pages"])

_NOT_UNDERSTOOD = Bilingual(
    f"没有听懂，未作答复。{REPLIES.zh}，后加编号。",
    f"Not understood, nothing was answered. {REPLIES.en}, then the reference.",
)
_WRONG_KEY = Bilingual("按键无效。", "That key has no meaning.")
_BOTH_WORLDS = Bilingual(
    f"真实通知和演练通知都在等待您答复，未作答复。{REPLIES.zh}，后加编号。",
    "A real page and a drill page both wait for you, nothing was answered. "
    f"{REPLIES.en}, then the reference.",
)
_NO_SUCH_PAGE = Bilingual(
    "没有等待您答复的通知，或编号不对。",
    "No page waits for your answer, or the reference is wrong.",
)

M = TypeVar("M", bound=BaseModel)


class ReceiptBody(BaseModel):
    """The delivery state of a page at a carrier, or the officer's key press."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_id: Identifier
    verb: AnswerVerb
    text: Text = ""


class ReplyBody(BaseModel):
    """A person's reply: the text, the sender's address and the channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel
    address: Line
    text: Annotated[Text, Field(max_length=1_000)]


class KeyBody(BaseModel):
    """The key that was pressed in the voice call of a page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_id: Identifier
    key: Annotated[str, Field(pattern=r"^[0-9*#]$")]


def _described(model: type[BaseModel]) -> dict[str, object]:
    """The request body in the OpenAPI document: the route reads the bytes itself, to check them."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"content": content, "required": True}}


@router.post(
    "/receipts",
    status_code=202,
    openapi_extra=_described(ReceiptBody),
    responses=recorded(RecordedReceipt),
)
async def send_receipt(request: Request, console: Deps) -> Response:
    """Record a receipt (delivered, read) or an answer that a carrier has received."""
    body = await _signed(request, console, ReceiptBody)
    async with reading(console.database) as connection:
        page = await queries.page(connection, body.page_id)
    if page is None:
        raise unknown("page")
    new = await _answer(console, page, body.verb, body.text)
    return as_json({"repeated": not new}, 202)


@router.post("/replies", openapi_extra=_described(ReplyBody), responses=json_response(ReplyResult))
async def send_reply(request: Request, console: Deps) -> Response:
    """Record a written reply of a person.

    The field `reply` is the sentence that the person receives; there always is a sentence.
    """
    body = await _signed(request, console, ReplyBody)
    understood = understand(body.text)
    officers = console.directory.officers_at(body.channel, body.address)
    language = console.directory.language(officers)
    if understood is None:
        return _reply_response(False, _NOT_UNDERSTOOD.of(language))
    async with reading(console.database) as connection:
        records = await queries.answerable(connection, officers)
    if (
        understood.reference is None
        and len({page["status"] for page in records if page["waits"]}) > 1
    ):
        return _reply_response(False, _BOTH_WORLDS.of(language))
    page = _page_of(records, understood)
    if page is None:
        return _reply_response(False, _NO_SUCH_PAGE.of(language))
    terms = actions.AnswerTerms(hand_to=_successor(console, page, understood))
    await _answer(console, page, understood.verb, understood.text, terms)
    reference = reference_of(page["page_id"])
    headline = bilingual_of(page["headline"])
    verb = answer(understood.verb, to_note=page["to_note"])
    recorded = Bilingual(
        f"已记录：{verb.zh}（编号 {reference}）{shorten(headline.zh, 40)}",
        f"Recorded: {verb.en} (ref. {reference}) {shorten(headline.en, 80)}",
    )
    return _reply_response(True, recorded.of(language))


@router.post("/keys", openapi_extra=_described(KeyBody), responses=json_response(KeyResult))
async def send_key(request: Request, console: Deps) -> Response:
    """Record the key that an officer pressed in a voice call.

    The gateway speaks `reply`; with `repeat` it speaks the page's text once more and waits for
    another key. The same key again is the same answer.
    """
    body = await _signed(request, console, KeyBody)
    async with reading(console.database) as connection:
        page = await queries.page(connection, body.page_id)
    if page is None:
        raise unknown("page")
    language = console.directory.language([page["officer_id"]])
    verb = KEYS.get(body.key)
    if verb is None:
        sentence = "" if body.key == REPEAT_KEY else _WRONG_KEY.of(language)
        return as_json({"taken": False, "reply": sentence, "repeat": True})
    await _answer(console, page, verb, "")
    word = answer(verb, to_note=page["to_note"])
    pressed = Bilingual(f"已记录，{word.zh}。", f"Recorded: {word.en}.")
    return as_json({"taken": True, "reply": pressed.of(language), "repeat": False})


def _page_of(pages: Sequence[OutgoingRecord], understood: Reply) -> OutgoingRecord | None:
    """Return the page of the given reference, or without a reference the newest page."""
    if understood.reference is None:
        return pages[0] if pages else None
    return next(
        (page for page in pages if reference_of(page["page_id"]) == understood.reference), None
    )


def _successor(console: ConsoleDeps, page: OutgoingRecord, understood: Reply) -> str | None:
    """Return the only officer whose name stands in a reply that hands the page over."""
    if understood.verb is not AnswerVerb.HAND_OVER:
        return None
    officers = {
        slot.officer.officer_id
        for slot in console.directory.calling_order(page["unit"])
        if slot.officer is not None
        and slot.officer.officer_id != page["officer_id"]
        and slot.officer.name in understood.text
    }
    return officers.pop() if len(officers) == 1 else None


async def _answer(
    console: ConsoleDeps,
    page: OutgoingRecord,
    verb: AnswerVerb,
    text: str,
    terms: actions.AnswerTerms | None = None,
) -> bool:
    officer = Viewer(page["officer_id"], "", page["unit"], Post(page["post"]))
    return await console.recorder.record(
        actions.answer(officer, page, verb, text, console.clock.now(), terms), None
    )


async def _signed(request: Request, console: ConsoleDeps, model: type[M]) -> M:
    key = console.settings.carrier_key
    if key is None:
        raise unknown("door")
    raw = await request.body()
    try:
        Webhook(key.get_secret_value()).verify(raw, dict(request.headers))
    except (WebhookVerificationError, ValueError, UnicodeDecodeError):
        raise ApiProblem(
            401,
            "The signature is missing or wrong",
            reason="signature",
            trail=RefusedFor.SIGNATURE,
        ) from None
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        errors = [
            {"where": ".".join(str(part) for part in problem["loc"]), "what": problem["msg"]}
            for problem in error.errors(include_input=False)[:20]
        ]
        raise ApiProblem(422, "The request is not valid", reason="invalid", errors=errors) from None


def _reply_response(accepted: bool, sentence: str) -> Response:
    return as_json({"taken": accepted, "reply": sentence})
