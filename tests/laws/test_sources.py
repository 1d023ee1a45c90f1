"""Every citation leads to an entry of docs/sources.md, and every entry is cited where it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.test_layout import ROOT, tracked
from tests.faults.fuzz.corpus import CORPUS

PAGE = "docs/sources.md"
THIS = "tests/laws/test_sources.py"
GENERATED = ("docs/states.md", "tests/contract/")
"""Copies of docstrings; their entries name the module."""
_ENTRY = re.compile(r"^### (S[1-9][0-9]*)$", re.MULTILINE)
_CITATION = re.compile(r"\bS[1-9][0-9]?\b")
"""Three digits are a linter's codes."""
_LINK = re.compile(r"\[(S[1-9][0-9]?)\]\((?:\.\./)?(?:sources\.md)?#(s[0-9]+)\)")
_USED = re.compile(r"^- Used in: (.+?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
_OWN = re.compile(r"^(## Our own.*?)(?=^## )", re.MULTILINE | re.DOTALL)
_DANGLING = re.compile(
    r"\b(?:domain|reliability|design|rivals|stack|style|performance|faststream)\s+reference\b"
    r"|\breference\s+[0-9]+\.[0-9]"
    r"|\bbrief\s+(?:[0-9]|domain\b)"
    r"|\bmission\s+document\b"
    r"|\b(?:domain|reliability|rivals)\.md\b",
    re.IGNORECASE,
)
"""How documents were named that are not in the repository."""


@cache
def texts() -> dict[str, str]:
    """Every tracked text but this one and the inputs of fuzzed decoders, by its path."""
    results = {}
    for path in tracked():
        if path.is_relative_to(CORPUS):
            continue
        name = path.relative_to(ROOT).as_posix()
        if name == THIS or not path.is_file():
            continue
        try:
            results[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return results


def entries(page: str) -> dict[str, str]:
    """Number and text of every entry, up to the next heading."""
    parts = _ENTRY.split(page)
    return {
        number: re.split(r"^## ", text, flags=re.MULTILINE)[0].strip()
        for number, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def citations(text: str) -> set[str]:
    """The numbers that a text cites."""
    return set(_CITATION.findall(text))


def wrong_links(text: str) -> Iterator[str]:
    """Links whose words and target are two entries."""
    for number, target in _LINK.findall(text):
        if number.lower() != target:
            yield f"[{number}](#{target})"


def dangling(text: str) -> list[str]:
    """Names of documents that are not there, also across a line break or a comment's mark."""
    return _DANGLING.findall(re.sub(r"\n[ \t]*(?:#|--|//|\*)?[ \t]*", " ", text))


def used_in(entry: str) -> list[str]:
    """The files that an entry names as its users."""
    match = _USED.search(entry)
    return re.findall(r"`([^`]+)`", match[1]) if match else []


def page_entries() -> dict[str, str]:
    """The entries of the page."""
    return entries(texts()[PAGE])


def test_every_citation_resolves() -> None:
    existing_dict_keys, missing = page_entries().keys(), []
    for name, text in texts().items():
        missing += [f"{name}: {number}" for number in sorted(citations(text) - existing_dict_keys)]
        missing += [f"{name}: {link}" for link in wrong_links(text)]
    assert missing == []


def test_a_file_that_cites_names_the_page() -> None:
    silent = [
        name for name, text in texts().items() if citations(text) and "sources.md" not in text
    ]
    assert silent == []


def test_every_entry_names_exactly_the_files_that_cite_it() -> None:
    cited: dict[str, set[str]] = {}
    for name, text in texts().items():
        if name != PAGE and not name.startswith(GENERATED):
            for number in citations(text):
                cited.setdefault(number, set()).add(name)
    named = {number: set(used_in(entry)) for number, entry in page_entries().items()}
    assert named == cited


def test_every_number_stands_once_and_in_order() -> None:
    numbers = [int(number[1:]) for number in _ENTRY.findall(texts()[PAGE])]
    assert numbers == sorted(set(numbers))
    assert len(numbers) >= 40, "it looks in the wrong place"


def test_every_entry_states_its_own_part_or_the_part_taken() -> None:
    before, own, after = _OWN.split(texts()[PAGE])
    outside = before + after
    silent = [number for number, text in entries(outside).items() if "- Taken: " not in text]
    silent += [number for number, text in entries(own).items() if "our own" not in text.casefold()]
    assert silent == []


def test_every_named_document_exists() -> None:
    results = {name: phrases for name, text in texts().items() if (phrases := dangling(text))}
    assert results == {}


@pytest.mark.parametrize(
    "text",
    [
        "domain reference 5.3",
        "# the domain\n# reference gives",
        "(reliability reference\n-- 6.4)",
        "reference 3.6",
        "(brief 2.1)",
        "brief domain",
        "the mission\n    document names",
        "see reliability.md",
    ],
)
def test_an_absent_document_is_reported(text: str) -> None:
    assert dangling(text) != []


@pytest.mark.parametrize(
    "text", ["brief = order.briefs[2]", "the reference is wrong", "in brief, it is so"]
)
def test_other_words_are_no_document(text: str) -> None:
    assert dangling(text) == []


def test_an_unresolved_reference_is_reported() -> None:
    page = (
        "### S1\n\n**A law**\n\n- Taken: a word.\n- Used in: `a.py`,\n  `b.py`.\n\n"
        "## Next\n\n### S2\n"
    )
    assert list(entries(page)) == ["S1", "S2"]
    assert used_in(entries(page)["S1"]) == ["a.py", "b.py"]
    assert citations("docs/sources.md S1, S3; noqa: S608, S256") == {"S1", "S3"}
    assert list(wrong_links("[S1](sources.md#s1) [S2](../sources.md#s12)")) == ["[S2](#s12)"]
