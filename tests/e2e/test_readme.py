"""Every command line of the README succeeds: run in the README's order, on one stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from deploy.local.paths import cache_dir, temporary_root

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

BY_CI = {
    "make demo": "its small scale is tests/e2e/test_demo.py, which also looks around in it",
    "make demo ONCE=1": "a step of .ci/run",
    "make test": "a step of .ci/run",
    "make bench ONLY=scoring": "measures for minutes; no part of the tests",
    "make bench ONLY=quality": "measures for minutes; no part of the tests",
    "make bench ONLY=command": "measures for minutes; no part of the tests",
    "make faults": "breaks a stack for minutes; a step of .ci/run",
    "make hostile": "sends hostile input for minutes; no part of the tests",
    "python3 -m deploy.compose.secrets && docker compose up --build": (
        "needs Docker; tests/unit/deploy/test_compose.py and tests/contract/test_deployment.py"
    ),
    "make up EMPTY=1": "tests/e2e/test_own_stack.py",
    "make admin NAME=李明 UNIT=510100000000": "tests/e2e/test_own_stack.py",
    "make clean": "removes var/ with what the other commands need",
    'make test ARGS="-n 0"': "`make test`; a hint for debuggers",
}
"""What is run elsewhere, or is too long for a test, and why."""


def _blocks(readme: str) -> Iterator[str]:
    """The indented code blocks."""
    text = re.sub(r"^```.*?^```$", "", readme, flags=re.MULTILINE | re.DOTALL)
    for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, re.MULTILINE):
        yield re.sub(r"^ {4}", "", block, flags=re.MULTILINE)


def _commands(readme: str = README) -> list[str]:
    """Return the command lines of all blocks; a command ends with complete shell syntax."""
    results: list[str] = []
    for block in _blocks(readme):
        command = ""
        for line in block.splitlines():
            command = f"{command}\n{line}" if command else line
            syntax = subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False)
            if command.strip() and syntax.returncode == 0 and not command.endswith("\\"):
                results.append(command.strip())
                command = ""
        assert not command.strip(), f"a command without an end: {command}"
    return results


def _plain(command: str) -> str:
    """A command without its comment."""
    return re.sub(r"\s+#.*$", "", command, flags=re.MULTILINE).strip()


def _in_sentences(readme: str = README) -> list[str]:
    """Commands between backquotes in the text."""
    return re.findall(r"`((?:make|python3|docker|\.venv)\b[^`]*)`", readme)


_OF_MAKE = {"MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"}


class Shell:
    """A shell in a copy of the checkout; variables of a command are known to the next command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state = folder / "shell-state"
        self._state.write_text("")
        # The copy uses this checkout's packages and jars: nothing is installed and nothing fetched.
        # It is not a part of whatever make runs the tests: a nested make says where it is.
        outside = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
        self._env = {
            **outside,
            "PYTHON": "true",
            "FENGHUO_CACHE": str(cache_dir()),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        }

    def run(self, command: str) -> str:
        """Standard output and error of a command that must succeed."""
        process = subprocess.run(
            ["bash", "-c", self._script(command)],
            cwd=self.folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert process.returncode == 0, f"$ {command}\n{process.stdout}"
        return process.stdout

    def start(self, command: str) -> subprocess.Popen[str]:
        """A command that goes on by itself."""
        return subprocess.Popen(
            ["bash", "-c", self._script(command)],
            cwd=self.folder,
            env=self._env,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _script(self, command: str) -> str:
        return (
            f"set -a; . {self._state}\n{command}\n"
            f"code=$?; export -p | grep -E ' (INGEST|CONSOLE|FENGHUO_TOKEN)=' > {self._state}; "
            "exit $code"
        )


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """A fresh checkout, set up already."""
    folder = temporary_root("readme")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "var").mkdir()
    if (ROOT / "var" / "native").exists():
        (folder / "var" / "native").symlink_to(ROOT / "var" / "native")
    started = Shell(folder)
    try:
        yield started
    finally:
        started.run("make down")
    shutil.rmtree(folder)


def test_every_command_in_a_sentence_is_run_somewhere() -> None:
    run = {_plain(command) for command in _commands()}
    covered = run | set(BY_CI) | set(STEPS)
    mentioned = set(_in_sentences())
    assert len(mentioned) > 10
    assert mentioned - covered == set(), "a command that nothing runs"
    commands = mentioned | run
    assert set(BY_CI) - commands == set(), "an exception for what the README no longer says"


def test_the_readme_in_chinese_has_the_same_commands() -> None:
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    assert [_plain(command) for command in _commands(chinese)] == [
        _plain(command) for command in _commands()
    ]
    assert set(_in_sentences(chinese)) == set(_in_sentences())


@pytest.mark.e2e
@pytest.mark.real_kafka
@pytest.mark.timeout(1_800)
def test_every_command_of_the_code_blocks_succeeds(shell: Shell) -> None:
    visit = Visit(shell)
    executed: list[str] = []
    for command in _commands():
        plain = _plain(command)
        if plain in BY_CI:
            continue
        visit.run(command)
        executed.append(plain)
    for plain in STEPS:
        if plain not in executed:
            visit.run(plain)
    assert len(executed) > 20


class Visit:
    """A reader who follows the README, with real ids for the words in capitals."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.ids: dict[str, str] = {}

    def run(self, command: str) -> None:
        """Run a command of the README and look at what came of it."""
        for word in ("ALARM_ID", "ASSIGNMENT_ID", "CASE_ID"):
            if word in command:
                command = command.replace(word, self.ids[word])
        if "CANDIDATE.yaml" in command:
            self._write_candidate()
        if "watch --json" in command:
            self._watch(command)
            return
        output = self.shell.run(command)
        first = _plain(command).splitlines()[0]
        for sign, check in CHECKS.items():
            if sign in first:
                check(self, command, output)
                return
        assert first in STEPS or first.startswith(("INGEST=", "CONSOLE=")), f"no check for: {first}"

    def _write_candidate(self) -> None:
        """A rule of the pack with another limit."""
        pack = self.shell.folder / "deploy" / "rules"
        for path in sorted(pack.glob("**/*.yaml")):
            if "rule_id: flood-zhutuo" in path.read_text(encoding="utf-8"):
                shutil.copy(path, self.shell.folder / "CANDIDATE.yaml")
                return
        raise AssertionError("no pack has flood-zhutuo")

    def _watch(self, command: str) -> None:
        """The stream goes on by itself: a line comes when something happens."""
        lines: Queue[str] = Queue()
        process = self.shell.start(command)
        assert process.stdout
        stream = process.stdout

        def read() -> None:
            for line in stream:
                lines.put(line)

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        try:
            while lines.empty():
                self.issue("watched")
                reading.join(2)
                assert process.poll() is None, "watch has ended"
            assert json.loads(lines.get())
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def cli(self, arguments: str, token: str = "") -> Any:
        """Return the API's answer to a command line, with another token than the reader's."""
        environment = f"FENGHUO_TOKEN={token} " if token else ""
        output = self.shell.run(
            f"{environment}.venv/bin/python -m deploy.commands.console {arguments} --json"
        )
        return json.loads(output)

    def issue(self, title: str) -> str:
        """Issue a command of the city to the district office; returns the command's id."""
        accounts = json.loads((self.shell.folder / "var/run/secrets/accounts.json").read_text())
        [token] = [
            account["token"] for account in accounts if account["officer_id"] == "o-500000000000-b"
        ]
        result = self.cli(
            f"issue --title {title} --level blue --event-type 11A01 --unit 500118000000 --yes",
            token,
        )
        return str(result["command_id"])

    def until(self, ask: str, rows: str) -> Any:
        """Return the first row of a list as soon as the list has a row."""
        while True:
            if result := self.cli(ask)[rows]:
                return result[0]


def _accepted(visit: Visit, command: str, output: str) -> None:
    assert "HTTP/1.1 202" in output, output
    # What follows needs an alarm and a command: the same reading again, far above the limit.
    higher = command.replace("my-first-1", "my-second-1").replace("204.2", "213.4")
    assert higher != command
    assert "HTTP/1.1 202" in visit.shell.run(higher)


def _token(visit: Visit, _command: str, _output: str) -> None:
    assert visit.cli("whoami")["officer_id"] == "o-500118000000-b"
    visit.ids["CASE_ID"] = visit.issue("first")
    visit.ids["ALARM_ID"] = visit.until("list alarms", "alarms")["alarm_id"]
    visit.ids["ASSIGNMENT_ID"] = visit.until("list assignments --open", "assignments")[
        "assignment_id"
    ]


def _names(word: str) -> Any:
    def check(visit: Visit, _command: str, output: str) -> None:
        expected = visit.ids.get(word, word)
        assert expected in output, output

    return check


def _signed(visit: Visit, _command: str, _output: str) -> None:
    name = visit.ids["ASSIGNMENT_ID"]
    while visit.cli(f"show {name}")["state"] != "signed":
        pass


def _written(name: str, start: bytes) -> Any:
    def check(visit: Visit, _command: str, _output: str) -> None:
        assert (visit.shell.folder / name).read_bytes().startswith(start)

    return check


def _link(visit: Visit, _command: str, output: str) -> None:
    [link] = re.findall(r"^http\S+$", output, re.MULTILINE)
    assert "<" in visit.shell.run(f"curl -sfL -b jar -c jar '{link}'")


CHECKS = {
    "curl -i": _accepted,
    "export FENGHUO_TOKEN": _token,
    "list alerts": _names(""),
    "list alarms": _names("ALARM_ID"),
    "list assignments": _names("ASSIGNMENT_ID"),
    "sign ": _signed,
    'rules ARGS="check"': _names("165 rules"),
    'rules ARGS="test"': _names("passed"),
    'rules ARGS="explain': _names("flood-zhutuo"),
    "backtest": _names("readings"),
    "plot ": _written("gauge-zhutuo-flood-zhutuo.svg", b"<?xml"),
    'plans ARGS="check"': _names("plans"),
    'plans ARGS="explain': _names("500118118200"),
    "--out case.html": _written("case.html", b"<!"),
    "curl -f -o case.pdf": _written("case.pdf", b"%PDF"),
    "make link": _link,
    "make status": _names("ready"),
    "make help": _names("make demo"),
    "make up": _names("console"),
}
"""What to look for, by a sign of the command's first line."""
STEPS = ("make up", "make status", "make help", "make link", "make down")
"""Commands without more to look at than their end, run at least once even if no block shows them.
"""
