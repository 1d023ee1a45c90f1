"""Lint step: names and docstrings keep to the vocabulary of CONTRIBUTING.md.

A name that code binds (variable, argument, attribute, function, class) is a noun or a verb of
Kafka, of domain-driven design or of docs/glossary.md: no pronoun, no bare participle, no word of a
story. A docstring is a plain sentence that starts with a verb or a noun. Exit code 1 lists each
offence.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator

from deploy.hygiene import ROOT, tracked_files

FOLDERS = ("services/", "shared/", "deploy/", "tests/", "docs/")
COLUMNS = 100
"""The longest line of Python, in characters."""
PRONOUN_SHARE = 0.08
"""The most pronouns and relatives per word of the docstrings of one file."""
_FEWEST_WORDS = 12
"""A docstring of at most so many words is too short for a share."""
_FEWEST_WORDS_OF_FILE = 150

_PRONOUNS = """
one ones other others it they them theirs mine ours who whom what such those these both each rest
everything everybody anything anybody something somebody nothing nobody same whole here there
"""
_PARTICIPLES = """
found seen told known wanted given held left kept taken made gone heard asked said met meant fallen
chosen shown done thought brought begun
"""
_FILLERS = "thing things stuff about again still yet"
BANNED_NAMES = frozenset((_PRONOUNS + _PARTICIPLES + _FILLERS).split()) | {"his"}
"""No bound name is one of these, with or without an underscore in front."""
BANNED_PARTS = frozenset(
    [
        "glide",
        "gist",
        "weigh",
        "weighed",
        "wish",
        "ear",
        "oracle",
        "spoilt",
        "upkeep",
        "lingering",
        "glance",
        "cues",
        "told",
        "seat",
        "folding",
    ]
)
"""No part of a bound name is one of these words of a story."""
FIRST_WORDS = frozenset({"What", "Whether", "Who", "Whom", "Whose", "How", "Where", "Why"})
"""No docstring starts with one of these."""
_SHARED_PRONOUNS = frozenset(
    [
        "what",
        "one",
        "ones",
        "such",
        "that",
        "it",
        "its",
        "so",
        "those",
        "who",
        "whom",
        "whoever",
        "whatever",
        "which",
        "them",
        "they",
        "he",
        "him",
        "as",
        "others",
        "other",
        "same",
    ]
)
_UNIQUE_CLASSES_EXCEPT = frozenset({"Settings", "UnitOfWork"})


def name_offences(name: str, tree: ast.AST) -> Iterator[str]:
    """Yield `file:line: reason` for each bound name outside the vocabulary.

    The fields of contracts are names on the wire and stay as they are.
    """
    wire = _wire_names(tree) if name.startswith("shared/contracts/") else frozenset()
    for node in ast.walk(tree):
        if id(node) in wire:
            continue
        for word, line in _bound_names(node):
            plain = word.strip("_").lower()
            parts = set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower().split("_"))
            if plain in BANNED_NAMES:
                yield f"{name}:{line}: the name {word} is a pronoun or participle"
            elif story := sorted(parts & BANNED_PARTS):
                yield f"{name}:{line}: the name {word} holds the story word {story[0]}"


def _wire_names(tree: ast.AST) -> frozenset[int]:
    return frozenset(
        id(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        for target in (
            [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else statement.targets
            if isinstance(statement, ast.Assign)
            else []
        )
    )


def _bound_names(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.Name(id=word, ctx=ast.Store(), lineno=line):
            yield word, line
        case ast.Attribute(attr=word, ctx=ast.Store(), lineno=line):
            yield word, line
        case ast.arg(arg=word, lineno=line):
            yield word, line
        case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word):
            yield word, node.lineno
        case ast.MatchAs(name=str(word), lineno=line):
            yield word, line


def docstring_offences(name: str, tree: ast.Module) -> Iterator[str]:
    """Yield `file:line: reason` for each docstring that is no plain sentence."""
    pronouns = words = 0
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node)
        if not text:
            continue
        first = text.split()[0].strip("`\"'.,:")
        if first in FIRST_WORDS:
            line = getattr(node, "lineno", 1)
            yield f"{name}:{line}: the docstring starts with {first}"
        spoken = re.findall(r"[a-z']+", text.lower())
        if len(spoken) > _FEWEST_WORDS:
            words += len(spoken)
            pronouns += sum(word in _SHARED_PRONOUNS for word in spoken)
    if words >= _FEWEST_WORDS_OF_FILE and pronouns / words > PRONOUN_SHARE:
        yield f"{name}:1: {pronouns} pronouns in {words} words of docstrings"


def line_offences(name: str, text: str) -> Iterator[str]:
    """Yield `file:line: reason` for each line that is too long; an address may be longer."""
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > COLUMNS and "://" not in line:
            yield f"{name}:{number}: {len(line)} columns, at most {COLUMNS}"


def he_offences(name: str, text: str) -> Iterator[str]:
    """Yield `file:line: reason` for each sentence with a masculine pronoun for a person."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        sentence = token.type in (tokenize.COMMENT, tokenize.STRING) and " " in token.string
        if sentence and re.search(r"\b[Hh](e|im|imself|is)\b", token.string):
            yield f"{name}:{token.start[0]}: people are called they"


def class_offences(classes: dict[str, list[str]]) -> Iterator[str]:
    """Yield a line for each public class name of the product that stands for two concepts."""
    for word, places in sorted(classes.items()):
        if len(places) > 1 and word not in _UNIQUE_CLASSES_EXCEPT:
            yield f"{places[0]}: the class name {word} exists {len(places)} times: {places[1:]}"


def check(names: list[str]) -> list[str]:
    """Return the offences of these files, given relative to the root."""
    offences: list[str] = []
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        tree = ast.parse(text)
        offences += name_offences(name, tree)
        offences += docstring_offences(name, tree)
        offences += line_offences(name, text)
        offences += he_offences(name, text)
        if name.startswith(("services/", "shared/")):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    classes[node.name].append(f"{name}:{node.lineno}")
    return offences + list(class_offences(classes))


def main(arguments: list[str]) -> int:
    """Check the files below these folders, or all of the project's; print each offence."""
    folders = tuple(arguments) or FOLDERS
    names = [
        name
        for name in tracked_files()
        if name.endswith(".py") and name.startswith(folders) and (ROOT / name).is_file()
    ]
    offences = check(names)
    print("\n".join(offences) or f"{len(names)} files keep to the vocabulary")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
