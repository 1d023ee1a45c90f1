"""No city is compiled in: the code of services and shared names no real division.

Examples are in docstrings, in deploy/example and deploy/rules, and in the examples of documents.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_layout import ROOT

_CODE = re.compile(
    r"(?<![0-9])(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{10}(?![0-9])"
)
_EXAMPLES = {
    Path("services/console/web/openapi_contents.py"),
    Path("shared/contracts/examples.json"),
}
_TEXTS = {".js", ".json", ".html", ".css", ".yaml", ".yml", ".csv", ".sql", ".txt", ".xml", ".xsd"}


def constants(source: str) -> Iterator[str]:
    """Return the constants of a module as texts, without its docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


def codes_in(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    parts = constants(text) if path.suffix == ".py" else [text]
    return [match[0] for part in parts for match in _CODE.finditer(part)]


@pytest.mark.parametrize("folder", ["services", "shared"])
def test_no_real_division_is_named_in_code(folder: str) -> None:
    files = [
        path
        for path in (ROOT / folder).rglob("*")
        if path.suffix in _TEXTS | {".py"} and path.relative_to(ROOT) not in _EXAMPLES
    ]
    assert len(files) > 100
    named = {str(path.relative_to(ROOT)): codes for path in files if (codes := codes_in(path))}
    assert not named


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('CITY = "500000000000"', ["500000000000"]),
        ("CITY = 510100000000", ["510100000000"]),
        ('"""`500000000000` is a city."""', []),
        ('x = 1\n"""Such as 441900003001."""', []),
        ('NO_UNIT = "000000000000"', []),
        ('INVENTED = "990101001000"', []),
        ('call("unit 110101000000/water")', ["110101000000"]),
    ],
)
def test_a_planted_code_is_found(tmp_path: Path, source: str, codes: list[str]) -> None:
    module = tmp_path / "module.py"
    module.write_text(source, encoding="utf-8")
    assert codes_in(module) == codes
