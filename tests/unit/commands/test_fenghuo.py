"""The command `fenghuo`: verbs, help in both languages, completion, sentences for wrong calls."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy import language
from deploy.commands import fenghuo
from shared.contracts.fields import Language
from shared.runtime.errors import EXIT_USAGE

ROOT = Path(__file__).parents[3]
_SENTENCES = list(
    dict.fromkeys(
        sentence
        for parser in language.parsers_below(fenghuo.parser())
        for sentence in language.sentences_of(parser)
    )
)


@pytest.mark.parametrize("sentence", _SENTENCES)
def test_every_sentence_of_help_has_its_chinese(sentence: str) -> None:
    assert language.catalogue().get(sentence)


def test_the_catalogue_holds_no_sentence_that_no_help_shows() -> None:
    assert language.catalogue().keys() - {"usage: "} <= set(_SENTENCES)


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert fenghuo.main(["--version"]) == 0
    assert capsys.readouterr().out == f"fenghuo {project['version']}\n"


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "没有动词“rule”，是否指 rules？"), ("en", "did you mean rules?")]
)
def test_a_wrong_verb_gets_a_sentence(
    lang: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert fenghuo.main(["--lang", lang, "rule"]) == EXIT_USAGE
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


@pytest.mark.parametrize(("lang", "words"), [("zh", "用法："), ("en", "usage: ")])
def test_help_speaks_the_language_of_its_reader(lang: str, words: str) -> None:
    for arguments in ([], ["rules"], ["cli", "list"], ["plans", "explain"], ["demo"], ["up"]):
        process = subprocess.run(
            [sys.executable, "-m", "deploy.commands.fenghuo", "--lang", lang, *arguments, "--help"],
            cwd=ROOT,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert process.stdout.startswith(words), arguments
        other_words = {"用法：", "usage: "} - {words}
        assert not any(word in process.stdout for word in other_words), arguments


@pytest.mark.parametrize("shell", fenghuo.SHELLS)
def test_a_completion_script_names_the_verbs(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fenghuo.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(verb.name in script for verb in fenghuo.VERBS)


def test_a_completion_for_no_known_shell_gets_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fenghuo.main(["completion", "fish"]) == EXIT_USAGE
    assert "bash" in capsys.readouterr().err


def test_the_locale_chooses_the_language() -> None:
    assert language.language_of(None, {"LANG": "en_GB.UTF-8"}) is Language.EN
    assert language.language_of(None, {"LC_ALL": "C", "LANG": "en_GB"}) is Language.ZH
    assert language.language_of("en", {}) is Language.EN
