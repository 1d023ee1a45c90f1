"""The files with which a browser installs the console: manifest, icons, service worker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from services.console.web.app_icons import FORMS, icon
from services.console.web.assets import LANGUAGES, STATIC
from services.console.web.bundling import bundle

router = APIRouter(include_in_schema=False)

_NAMES = {
    "zh-CN": ("烽火 应急值守", "烽火", "预警叫应、指令签收与反馈"),
    "en": ("Fenghuo duty", "Fenghuo", "Pages, orders and reports of officers on duty"),
}
_COLOUR = "#111922"


@router.get("/manifest.webmanifest")
async def get_manifest(lang: Annotated[str, Query(max_length=10)] = LANGUAGES[0]) -> Response:
    """Return the manifest in one language."""
    language = lang if lang in LANGUAGES else LANGUAGES[0]
    name, short_name, description = _NAMES[language]
    manifest: dict[str, Any] = {
        "id": "/m",
        "name": name,
        "short_name": short_name,
        "description": description,
        "lang": language,
        "start_url": "/m",
        "scope": "/",
        "display": "standalone",
        "background_color": _COLOUR,
        "theme_color": _COLOUR,
        "icons": [
            {
                "src": f"/icons/{file}.png",
                "sizes": f"{FORMS[file].size}x{FORMS[file].size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for file, purpose in (
                ("icon-192", "any"),
                ("icon-512", "any"),
                ("maskable-512", "maskable"),
                ("badge-96", "monochrome"),
            )
        ],
    }
    headers = {"cache-control": "no-cache"}
    return Response(to_json(manifest), headers=headers, media_type="application/manifest+json")


@router.get("/icons/{name}.png")
async def get_icon(name: str) -> Response:
    """Return an icon."""
    if name not in FORMS:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=86400"}
    return Response(icon(name), headers=headers, media_type="image/png")


_WORKER = bundle(
    "worker.js", lambda path: Path(STATIC / "js" / path).read_text(encoding="utf-8")
).text


@router.get("/worker.js")
async def get_worker() -> Response:
    """Return the service worker; browsers look for a new one at each load."""
    headers = {"cache-control": "no-cache"}
    return Response(_WORKER, headers=headers, media_type="text/javascript; charset=utf-8")
