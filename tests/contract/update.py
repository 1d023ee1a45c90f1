"""Write examples and the snapshots of schemas, AsyncAPI and OpenAPI anew: `python -m
tests.contract.update`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from shared.contracts.documents import json_schemas
from shared.runtime.asyncapi import DATA, LETTER
from tests.support.services import SERVICES, built_app

FOLDER = Path(__file__).parent
EXAMPLES = DATA / "examples.json"
DOORS = ("ingest", "console")


def write(folder: Path, documents: dict[str, Any]) -> None:
    """Replace every snapshot in `folder`."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(as_text(document))


def as_text(document: Any) -> str:
    """A document as it lies in the repository."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def golden_records() -> dict[str, dict[str, Any]]:
    """The golden records by topic and case, and the dead letters among them."""
    results: dict[str, dict[str, Any]] = {}
    for path in sorted((FOLDER / "golden").glob("*.json")):
        topic, _, case = path.stem.partition("@")
        results.setdefault(topic, {})[case] = json.loads(path.read_bytes())
    letters = sorted((FOLDER / "golden" / "letters").glob("*.json"))
    results[LETTER] = {path.stem: json.loads(path.read_bytes()) for path in letters}
    return results


async def document_of(service: str, path: str) -> Any:
    """The document a service shows at `path`."""
    with tempfile.TemporaryDirectory() as folder:
        transport = httpx2.ASGITransport(app=built_app(service, Path(folder)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get(path)).json()


def main() -> None:
    """Replace all."""
    write(FOLDER / "schemas", json_schemas())
    EXAMPLES.write_text(as_text(golden_records()))
    path = "/docs/asyncapi.json"
    write(FOLDER / "asyncapi", {name: asyncio.run(document_of(name, path)) for name in SERVICES})
    path = "/openapi.json"
    write(FOLDER / "openapi", {name: asyncio.run(document_of(name, path)) for name in DOORS})


if __name__ == "__main__":
    main()
