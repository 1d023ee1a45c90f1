"""Scripts, styles and words as few files, compressed once, named by a hash of their content.

A browser keeps these files for ever and requests the page alone: an update reaches each screen with
the next load, and a first load over a slow link takes three round trips.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cramjam
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from services.console.web.bundling import bundle, bundle_later

STATIC = Path(__file__).resolve().parents[1] / "static"
LANGUAGES = ("zh-CN", "en")
STYLES = {
    "wall": (
        "base",
        "wall",
        "lists",
        "dialog",
        "boards",
        "cases",
        "reports",
        "drills",
        "reachability",
        "alarm",
    ),
    "admin": ("base", "wall", "lists", "dialog", "boards", "cases", "alarm", "admin"),
    "phone": ("base", "lists", "dialog", "boards", "phone", "alarm"),
}
"""Style sheets of each page, in order."""
_JAVASCRIPT = "text/javascript; charset=utf-8"

router = APIRouter(include_in_schema=False)


_BROTLI_QUALITY = 10
"""Half the time of the best quality, for two hundredths more bytes."""


@dataclass(frozen=True)
class Asset:
    """A file to serve."""

    media_type: str
    plain: bytes

    @cached_property
    def gzip(self) -> bytes:
        """The file by gzip; made at its first use."""
        return gzip.compress(self.plain, 9, mtime=0)

    @cached_property
    def brotli(self) -> bytes:
        """The file by Brotli, a fifth smaller; made at its first use, in up to half a second."""
        return bytes(cramjam.brotli.compress(self.plain, level=_BROTLI_QUALITY))


class Assets:
    """All files of the pages by name under /assets; `of` maps a role to an address."""

    def __init__(self) -> None:
        self.files: dict[str, Asset] = {}
        self.of: dict[str, str] = {}
        """Addresses of `wall.js`, `wall.later.js`, `phone.css`, `en.json` and so on."""
        for page, styles in STYLES.items():
            script = bundle(f"{page}.js", _script)
            self._add(f"{page}.js", _JAVASCRIPT, script.text)
            if script.later is not None:
                later = bundle_later(script, self.of[f"{page}.js"], _script)
                self._add(f"{page}.later.js", _JAVASCRIPT, later.text)
            sheet = "\n".join(_text("css", f"{name}.css") for name in styles)
            self._add(f"{page}.css", "text/css; charset=utf-8", sheet)
        for language in LANGUAGES:
            self._add(f"{language}.json", "application/json", _text("i18n", f"{language}.json"))

    @cached_property
    def words(self) -> Mapping[str, str]:
        """The address of the words in each language."""
        return {language: self.of[f"{language}.json"] for language in LANGUAGES}

    def _add(self, name: str, media_type: str, text: str) -> None:
        plain = text.encode()
        stem, _, suffix = name.rpartition(".")
        unique = f"{stem}-{hashlib.sha256(plain).hexdigest()[:16]}.{suffix}"
        self.files[unique] = Asset(media_type, plain)
        self.of[name] = f"/assets/{unique}"


def _text(folder: str, name: str) -> str:
    return (STATIC / folder / name).read_text(encoding="utf-8")


def _script(path: str) -> str:
    return _text("js", path)


ASSETS = Assets()


@router.get("/assets/{name}")
async def get_asset(request: Request, name: str) -> Response:
    """Serve one file, compressed if accepted.

    The name holds a hash of the content, so browsers cache it as immutable.
    """
    file = ASSETS.files.get(name)
    if file is None:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    encodings = _accepted(request.headers.get("accept-encoding", ""))
    if not encodings & {"br", "gzip"}:
        return Response(file.plain, 200, headers, file.media_type)
    # A compressed response passes the compressing middleware unchanged, and has `vary`.
    headers["vary"] = "accept-encoding"
    if "br" in encodings:
        headers["content-encoding"] = "br"
        content = await asyncio.to_thread(lambda: file.brotli)
        return Response(content, 200, headers, file.media_type)
    headers["content-encoding"] = "gzip"
    content = await asyncio.to_thread(lambda: file.gzip)
    return Response(content, 200, headers, file.media_type)


def _accepted(accept_encoding: str) -> set[str]:
    """Return the encodings of a header Accept-Encoding without those of quality zero."""
    names = set[str]()
    for part in accept_encoding.split(","):
        name, _, quality = part.partition(";")
        if quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            names.add(name.strip().lower())
    return names
