"""Write the snapshots of schemas, AsyncAPI and OpenAPI documents anew: `python -m tests.contract.update`."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx

from shared.contracts.documents import json_schemas
from tests.support.services import SERVICES, built_app

HERE = Path(__file__).parent
DOORS = ("ingest", "console")


def write(folder: Path, documents: dict[str, Any]) -> None:
    """Replace every snapshot in `folder`."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, document in documents.items():
        text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n")


async def shown(service: str, path: str) -> Any:
    """The document a service shows at `path`."""
    with tempfile.TemporaryDirectory() as folder:
        transport = httpx.ASGITransport(app=built_app(service, Path(folder)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get(path)).json()


def main() -> None:
    """Replace all."""
    write(HERE / "schemas", json_schemas())
    path = "/docs/asyncapi.json"
    write(HERE / "asyncapi", {name: asyncio.run(shown(name, path)) for name in SERVICES})
    path = "/openapi.json"
    write(HERE / "openapi", {name: asyncio.run(shown(name, path)) for name in DOORS})


if __name__ == "__main__":
    main()
