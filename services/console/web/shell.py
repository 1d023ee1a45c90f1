"""The HTML pages without data and inline scripts; modules fill them through the API."""

from __future__ import annotations

from pathlib import Path

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from services.console.web.assets import ASSETS
from services.console.web.deps import ConsoleDeps
from shared.domain.bilingual import bilingual_of

CONSOLE_FOLDER = Path(__file__).resolve().parents[1]

_templates = Environment(
    loader=FileSystemLoader(CONSOLE_FOLDER / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
)


def page(template: str, console: ConsoleDeps, status: int = 200, **more: object) -> Response:
    """Return a rendered page."""
    html = _templates.get_template(template).render(
        broker=console.broker, assets=ASSETS, **_office(console), **more
    )
    return Response(html, status, media_type="text/html; charset=utf-8")


def _office(console: ConsoleDeps) -> dict[str, object]:
    """Return the names of the office and of its place; a place without a name is left out."""
    office, unit = console.settings.office, console.settings.home_unit
    place = None if unit is None else console.names.unit(unit)
    return {
        "office": None if office is None else bilingual_of(office),
        "place": None if place == unit else place,
    }


def form_page(template: str, console: ConsoleDeps, status: int = 200, **more: object) -> Response:
    """Return a page with a form, whose origin is sent to this site only."""
    answer = page(template, console, status, **more)
    answer.headers["referrer-policy"] = "same-origin"
    return answer
