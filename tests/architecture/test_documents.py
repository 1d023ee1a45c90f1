"""Documents name only what there is: links, verbs, paths, functions, modules, settings, addresses
of the API.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.contracts.topics import TOPICS
from tests.architecture.test_layout import ROOT, tracked

DOCUMENTS = ("README*.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "docs/adr/*.md")
COLUMNS = 120
"""The longest line of a document, in characters; tables, code and addresses may be longer."""
LONGEST_DECISION = 220
"""The most words of a decision in docs/adr: explanations belong on the page of the subject."""
Named = Iterator[tuple[str, bool]]
"""What a document names, and whether there is such a thing."""

_CODE = re.compile(r"`([^`]+)`|^ {4}(.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_BARE = re.compile(r"[a-z][a-z0-9_]*\.(?:py|md|yaml|yml|sql|js|css|json)")
_IN_A_FOLDER = re.compile(r"(?<![/\w.])[A-Za-z0-9_.{},*-]+(?:/[A-Za-z0-9_.{},*-]+)+")
_FUNCTIONS = re.compile(r"`([a-z_/]+\.py)`:((?:\s`[A-Za-z_.]+`,?)+)")
_SETTING = re.compile(r"FENGHUO(?:_[A-Z0-9]+)+\b")
_ADDRESS = re.compile(r"(?:GET|POST)[^/`]{0,3}(?:`, `(?:GET|POST) )?(/[a-z][^?\s`]*)")


@cache
def folders() -> set[str]:
    """The first folders of the repository."""
    return {path.relative_to(ROOT).parts[0] for path in tracked() if path.parent != ROOT}


@cache
def names() -> set[str]:
    """Names of all files, without their folders."""
    return {path.name for path in tracked()}


@cache
def code_of_settings() -> str:
    """All that reads or writes a setting."""
    texts = tracked("services/*.py", "shared/*.py", "deploy/*.py", "*.yml", "Makefile")
    declared = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return declared + "".join(path.read_text(encoding="utf-8") for path in texts)


@cache
def addresses() -> set[str]:
    """Paths of the two documented APIs and of the auditor, with every parameter as {}."""
    results = set()
    for name in ("console", "ingest"):
        text = (ROOT / "tests" / "contract" / "openapi" / f"{name}.json").read_text()
        results |= set(json.loads(text)["paths"])
    auditor = (ROOT / "services" / "audit" / "app.py").read_text(encoding="utf-8")
    results |= set(re.findall(r'"(/[a-z]+)"', auditor))
    return {re.sub(r"\{[^}]*\}", "{}", result) for result in results}


def expanded(path: str) -> list[str]:
    """`a/{b,c}.py` as `a/b.py` and `a/c.py`."""
    choice = re.search(r"\{([^{}]*)\}", path)
    if choice is None:
        return [path]
    head, tail = path[: choice.start()], path[choice.end() :]
    return [name for part in choice[1].split(",") for name in expanded(head + part + tail)]


def links(text: str, folder: Path) -> Named:
    """Relative links of Markdown."""
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            yield target, (folder / target).exists()


def paths(text: str, folder: Path) -> Named:
    """Paths in the repository, and files named without their folder."""
    for token in (name for code in _code(text) for name in code.split()):
        for path in _IN_A_FOLDER.findall(token):
            if path.split("/")[0] in folders():
                for name in expanded(path.rstrip(".,")):
                    yield name, any(ROOT.glob(name)) if "*" in name else (ROOT / name).exists()
        if _BARE.fullmatch(token.rstrip(".,;:")):
            yield token, token.rstrip(".,;:") in names()


def functions(text: str, folder: Path) -> Named:
    """Functions, methods and constants that stand behind the path of their file."""
    for path, listed in _FUNCTIONS.findall(text):
        defined = _defined(path) if (ROOT / path).exists() else set()
        for name in re.findall(r"`([^`]+)`", listed):
            yield f"{path}: {name}", name in defined


def verbs(text: str, folder: Path) -> Named:
    """Verbs of make, and the parts that a benchmark can be cut to."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for code in _code(text):
        for verb, only in re.findall(r"\bmake ([a-z0-9-]+)(?: ONLY=([a-z]+))?", code):
            is_target = re.search(rf"^{verb}:", makefile, re.MULTILINE) is not None
            yield (
                f"make {verb} {only}",
                is_target and (not only or f"{only}|" in f"{_parts(makefile)}|"),
            )


def modules(text: str, folder: Path) -> Named:
    """Modules that can be run."""
    for module in re.findall(r"python -m ([a-z_.]+[a-z])", text):
        path = ROOT / module.replace(".", "/")
        yield module, path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def settings(text: str, folder: Path) -> Named:
    """Variables of the environment."""
    for name in _SETTING.findall(text):
        yield name, name in code_of_settings()


def metrics(text: str, folder: Path) -> Named:
    """Yield the metrics; a client adds `_total` and `_info` to names in the code."""
    for name in re.findall(r"\bfenghuo_[a-z_]*[a-z]\b", text):
        base = name.removesuffix("_total").removesuffix("_info")
        yield name, f'"{base}' in code_of_settings()


def api(text: str, folder: Path) -> Named:
    """Addresses with their verb."""
    for path in _ADDRESS.findall(text):
        yield path, re.sub(r"\{[^}]*\}", "{}", path) in addresses()


def _defined(path: str) -> set[str]:
    """Names of a module's top level, and of its classes' methods behind a dot."""
    results: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                results.add(node.name)
            case ast.ClassDef():
                inner = (ast.FunctionDef, ast.AsyncFunctionDef)
                methods = [
                    f"{node.name}.{stmt.name}" for stmt in node.body if isinstance(stmt, inner)
                ]
                results |= {node.name, *methods}
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                results.add(name)
    return results


def _code(text: str) -> list[str]:
    inside = [single or double for single, double in _CODE.findall(_FENCE.sub("", text))]
    return inside + _FENCE.findall(text)


def _parts(makefile: str) -> str:
    match = re.search(r"ONLY=([a-z|]+)", makefile)
    return match[1] if match else ""


@pytest.mark.parametrize("kind", [links, paths, functions, verbs, modules, settings, metrics, api])
def test_documents_name_only_existing_files_and_functions(
    kind: Callable[[str, Path], Named],
) -> None:
    result, missing = 0, []
    for path in tracked(*DOCUMENTS):
        for name, exists in kind(path.read_text(encoding="utf-8"), path.parent):
            result += 1
            if not exists:
                missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert not missing
    assert result >= 8, "it looks in the wrong place"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (links, "see [this](../docs/none.md) there"),
        (paths, "in `shared/runtime/{worker,none}.py`"),
        (paths, "`test_none.py` kills it"),
        (paths, "`docs/*.none`"),
        (functions, "`docs/make_settings.py`: `page`, `none`"),
        (verbs, "`make none`"),
        (verbs, "    make bench ONLY=none   # nothing"),
        (modules, "`python -m services.none`"),
        (settings, "`FENGHUO_NONE`"),
        (metrics, "`fenghuo_none_total`"),
        (api, "`GET /api/cases/{id}/none`"),
    ],
)
def test_an_absent_name_is_reported(kind: Callable[[str, Path], Named], text: str) -> None:
    assert [exists for _, exists in kind(text, ROOT / "docs")].count(False) == 1


def long_lines(text: str) -> list[int]:
    """Return the numbers of the lines of prose that are too long."""
    prose = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    return [
        number
        for number, line in enumerate(prose.splitlines(), start=1)
        if len(line) > COLUMNS and not line.startswith(("|", "    ")) and "://" not in line
    ]


def test_lines_of_documents_fit() -> None:
    assert not {
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("CHANGELOG.md", *DOCUMENTS)
        for number in long_lines(path.read_text(encoding="utf-8"))
    }


def test_a_long_line_of_prose_is_an_offence() -> None:
    assert long_lines(f"```\n{'x' * 130}\n```\n\n{'word ' * 30}\n| {'x' * 130} |\n") == [5]


def test_decisions_are_short() -> None:
    for path in tracked("docs/adr/*.md"):
        text = path.read_text(encoding="utf-8")
        assert len(text.split()) <= LONGEST_DECISION, path.name
        for part in ("**Context.**", "**Decision.**", "**Trade-off.**", "**Enforced by**"):
            assert text.count(part) == 1, (path.name, part)


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target, _ in links(index.read_text(), ROOT)}
    pages = set(tracked("docs/*.md", "docs/adr/*.md")) - {index}
    assert not sorted(path.name for path in pages - linked)


def test_one_reading_shows_the_golden_records() -> None:
    text = (ROOT / "docs" / "one-reading.md").read_text(encoding="utf-8")
    head = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0])
    examples = re.findall(r"Golden record `([^`]+)`.*?```json\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 9
    for name, body in examples:
        golden = json.loads((ROOT / "tests/contract/golden" / f"{name}.json").read_text("utf-8"))
        assert head | json.loads(body) == golden, name


def test_the_glossary_names_every_topic() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`([a-z_]+\.[a-z_]+\.v\d+)`", text)) == set(TOPICS)
