"""Write the snapshots of schemas and AsyncAPI documents anew: `python -m tests.contract.update`."""

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


def write(folder: Path, documents: dict[str, Any]) -> None:
    """Replace every snapshot in `folder`."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, document in documents.items():
        text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n")


async def asyncapi(service: str) -> Any:
    """The document a service shows."""
    with tempfile.TemporaryDirectory() as folder:
        transport = httpx.ASGITransport(app=built_app(service, Path(folder)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get("/docs/asyncapi.json")).json()


def main() -> None:
    """Replace all."""
    write(HERE / "schemas", json_schemas())
    write(HERE / "asyncapi", {name: asyncio.run(asyncapi(name)) for name in SERVICES})


if __name__ == "__main__":
    main()
