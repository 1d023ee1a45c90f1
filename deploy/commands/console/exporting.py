"""`export`: a case as a file to hand on."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.commands.console.api import Api
from deploy.commands.console.errors import WrongCall
from shared.definitions.yaml_files.screen import Screen

_WHERE = {"html": "export", "pdf": "export", "csv": "evaluation"}
STYLES = tuple(_WHERE)


def export_case(options: argparse.Namespace, api: Api, screen: Screen) -> None:
    """Write the file and say where it is; one that is there already stays. Raises WrongCall."""
    content = api.file(f"/api/cases/{options.id}/{_WHERE[options.format]}", format=options.format)
    path = Path(options.out or f"{options.id}.{options.format}")
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise WrongCall(f"{path}: {error.strerror}") from None
    if screen.as_json:
        screen.document({"file": str(path), "bytes": len(content)})
    else:
        screen.line(str(path))
