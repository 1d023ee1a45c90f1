"""The glossary names types that exist: contracts for the topics, classes of the named services."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.test_layout import ROOT, tracked

GLOSSARY = ROOT / "docs" / "glossary.md"


@cache
def members(folder: str) -> dict[str, set[str]]:
    """Return the classes and type aliases below a folder, each with the fields of its body."""
    results: dict[str, set[str]] = {}
    for path in tracked(f"{folder}/*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.ClassDef(name=name):
                    results.setdefault(name, set()).update(_fields(node))
                case ast.Assign(targets=[ast.Name(id=name)]):
                    results.setdefault(name, set())
    return results


def _fields(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name


def types(text: str) -> Iterator[tuple[str, str]]:
    """Yield each type with the folder that must hold it."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 4:
            service = f"services/{cells[3]}"
            folder = service if (ROOT / service).is_dir() else "shared/contracts"
            for name in re.findall(r"`([A-Z][A-Za-z_.]+)`", cells[2]):
                yield name, folder


def exists(name: str, folder: str) -> bool:
    """Return whether the folder has this class, and the class this field."""
    owner, _, field = name.partition(".")
    fields = members(folder).get(owner)
    return fields is not None and (not field or field in fields)


def test_every_type_of_the_glossary_exists() -> None:
    names = list(types(GLOSSARY.read_text(encoding="utf-8")))
    assert len(names) > 80
    assert [(name, folder) for name, folder in names if not exists(name, folder)] == []


@pytest.mark.parametrize(
    "row",
    [
        "| 预警 | alert | `AlertEvents` | `alert.lifecycle.v1` |",
        "| 摘要 | digest | `Page.digest` | `duty.pages.v1` |",
        "| 阈值 | thresholds | `Thresholds` | command |",
    ],
)
def test_a_type_that_does_not_exist_is_an_offence(row: str) -> None:
    assert [exists(name, folder) for name, folder in types(row)] == [False]
