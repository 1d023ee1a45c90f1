"""The names, docstrings and lines of the project keep to the vocabulary (deploy/vocabulary.py)."""

from __future__ import annotations

import ast

import pytest

from deploy import vocabulary
from deploy.hygiene import ROOT


def test_the_project_keeps_to_the_vocabulary(capsys: pytest.CaptureFixture[str]) -> None:
    assert vocabulary.main([]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "source",
    [
        "one = 1",
        "def told() -> None: ...",
        "def f(found: int) -> None: ...",
        "class Kept: ...",
        "self.seen = 1",
        "def glide_on() -> None: ...",
    ],
)
def test_a_pronoun_a_participle_or_a_story_word_is_an_offence(source: str) -> None:
    assert list(vocabulary.name_offences("services/x.py", ast.parse(source)))


def test_a_field_on_the_wire_keeps_its_name() -> None:
    tree = ast.parse("class Event:\n    asked: int = 0\n")
    assert not list(vocabulary.name_offences("shared/contracts/x.py", tree))
    assert list(vocabulary.name_offences("services/x.py", tree))


def test_a_docstring_starts_with_a_verb_or_a_noun() -> None:
    tree = ast.parse('def f() -> None:\n    """What it does."""\n')
    assert list(vocabulary.docstring_offences("x.py", tree))


def test_a_long_line_is_an_offence_and_an_address_is_not() -> None:
    assert list(vocabulary.line_offences("x.py", "x" * 101))
    assert not list(vocabulary.line_offences("x.py", "# https://example.org/" + "x" * 100))


def test_no_name_of_a_service_stands_in_shared() -> None:
    root = ROOT / "shared"
    offences = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("services.")
    ]
    assert not offences
