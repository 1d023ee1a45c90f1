"""A rule pack: YAML files of a folder as rules, and everything that is wrong with them, at once.

A rule is written without its envelope; `version` may be left out (1). Cases lie beside the rules, in
files whose names end in `.test.yaml` (shared/rules/cases.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.contracts.catalog import SensorEntry
from shared.contracts.envelope import Envelope
from shared.contracts.ids import content_id
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import tier_of
from shared.rules.findings import Finding, Problem, Severity, dotted
from shared.rules.nodes import MOST_BYTES, Node, parse
from shared.rules.shape import check_shape
from shared.rules.together import pack_problems

CASES = ".test.yaml"
CITY = "500000000000"
"""Who issues the packs of this repository."""
ENVELOPE = frozenset({*Envelope.model_fields, "type"})
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1}


class PackError(Exception):
    """A pack that cannot be used; `findings` says what is wrong, one line each."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class PackRule:
    """A rule and where it stands; `fields` is what was written, without places."""

    rule: RuleDefinition
    fields: dict[str, Any]
    file: str
    node: Node


@dataclass(frozen=True, slots=True)
class Pack:
    """What was read. `ids` are the names of all rules, of unusable ones too."""

    rules: tuple[PackRule, ...]
    findings: tuple[Finding, ...]
    ids: frozenset[str]
    files: int

    @property
    def errors(self) -> list[Finding]:
        """What keeps the pack from being used."""
        return [one for one in self.findings if one.severity is Severity.ERROR]

    @property
    def definitions(self) -> list[RuleDefinition]:
        """The rules as messages, in the order of the files."""
        return [one.rule for one in self.rules]

    def usable(self) -> Pack:
        """Itself; raises PackError naming every error."""
        if errors := self.errors:
            raise PackError(errors)
        return self


def load(
    paths: Sequence[Path],
    now: datetime,
    sensors: Mapping[str, SensorEntry] | None = None,
    beside: Sequence[RuleDefinition] = (),
    issuer: str = CITY,
) -> Pack:
    """Read folders and files of rules and check all of it; never raises for their content.

    `sensors` None = no catalogue at hand, what depends on it is not checked. `beside` are rules in
    force that the pack may name.
    """
    rules: list[PackRule] = []
    findings: list[Finding] = []
    places: dict[str, str] = {}
    whole = True
    files = [file for path in paths for file in _files(path, findings)]
    for file in files:
        name, root, complete = read(file, findings)
        whole = whole and complete
        if root is None:
            continue
        if not isinstance(root.value, list):
            findings.append(Finding(name, root.line, "file", "is no list", "a list of rules"))
            whole = False
            continue
        for node in root.value:
            rule_id = _name_of(node)
            if rule_id and rule_id in places:
                text = f"{rule_id} stands already in {places[rule_id]}"
                line = node.key_lines["rule_id"]
                findings.append(
                    Finding(name, line, "rule_id", text, "each rule once", rule_id=rule_id)
                )
                continue
            if rule_id:
                places[rule_id] = f"{name}:{node.line}"
            rule, wrong = check_shape(
                RuleDefinition, node, name, _envelope(node, now, issuer), ENVELOPE, rule_id
            )
            findings += wrong
            if rule is not None:
                rules.append(PackRule(rule, node.plain(), name, node))
    findings += _meaning(rules, sensors, beside, frozenset(places), whole)
    findings.sort(key=lambda one: (_RANK[one.severity], one.file, one.line))
    return Pack(tuple(rules), tuple(findings), frozenset(places), len(files))


def rule_files(path: Path) -> list[Path]:
    """The rule files of a folder in order of their names; a file is itself."""
    if path.is_dir():
        return [one for one in sorted(path.glob("*.yaml")) if not one.name.endswith(CASES)]
    return [path]


def read(file: Path, findings: list[Finding]) -> tuple[str, Node | None, bool]:
    """Shown name, content, and whether all of a YAML file could be read; notes what is wrong."""
    name = shown(file)
    try:
        if not file.is_file():
            raise OSError(0, "is no file")
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        findings.append(Finding(name, 1, "file", f"cannot be read: {error.strerror}"))
        return name, None, False
    parsed = parse(data, name)
    findings += parsed.findings
    if parsed.root is not None and parsed.root.value is None:
        return name, Node(1, []), parsed.whole  # nothing but comments
    return name, parsed.root, parsed.whole


def shown(file: Path) -> str:
    """A path as people here would name it."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)


def definition(fields: Mapping[str, Any], now: datetime, issuer: str = CITY) -> RuleDefinition:
    """A rule as a message; its id follows from its content and `now`: one id, one body.

    Raises ValidationError.
    """
    message = {**_head(fields, now, issuer), **fields}
    return RuleDefinition.model_validate_json(json.dumps(message))


def _head(fields: Mapping[str, Any], now: datetime, issuer: str) -> dict[str, Any]:
    text = json.dumps(fields, sort_keys=True)
    head = {
        "id": content_id("rul", text, now.isoformat()),
        "occurred_at": now.isoformat(),
        "sent_at": now.isoformat(),
        "origin_unit": issuer,
        "tier": tier_of(issuer),
    }
    return head if "version" in fields else {**head, "version": 1}


def _envelope(node: Node, now: datetime, issuer: str) -> dict[str, Any]:
    fields = node.plain()
    return _head(fields if isinstance(fields, dict) else {}, now, issuer)


def _name_of(node: Node) -> str:
    name = node.child("rule_id")
    return name.value if name is not None and isinstance(name.value, str) else ""


def _files(path: Path, findings: list[Finding]) -> list[Path]:
    if not path.exists():
        findings.append(Finding(shown(path), 1, "file", "there is no such file or folder"))
        return []
    found = rule_files(path)
    if not found:
        findings.append(Finding(shown(path), 1, "file", "holds no rules", "*.yaml"))
    return found


def _meaning(
    rules: Sequence[PackRule],
    sensors: Mapping[str, SensorEntry] | None,
    beside: Sequence[RuleDefinition],
    names: frozenset[str],
    whole: bool,
) -> list[Finding]:
    where = {one.rule.rule_id: one for one in rules}
    others = [rule for rule in beside if rule.rule_id not in names]
    found = pack_problems([one.rule for one in rules], sensors, others, names, whole)
    return [_placed(where[rule.rule_id], problem) for rule, problem in found]


def _placed(one: PackRule, problem: Problem) -> Finding:
    line, real = one.node.follow(problem.path)
    return Finding(
        one.file,
        line,
        dotted(problem.path) or dotted(real) or "rule",
        f"{one.rule.rule_id}: {problem.text}",
        problem.allowed,
        problem.severity,
        one.rule.rule_id,
    )
