"""Every setting is documented, and the page says what the classes say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.make_settings import PAGE, SERVICES, page, settings_of, variable
from shared.runtime.settings import load
from tests.support import services

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "FENGHUO_OPERATOR": "docs/dead-letters.md",
    "FENGHUO_OPERATOR_UNIT": "docs/dead-letters.md",
    "FENGHUO_TOKEN": "docs/cli.md",
    "FENGHUO_TOKEN_FILE": "docs/cli.md",
    "FENGHUO_UNITS": "docs/plans.md",
    "FENGHUO_CATALOG": "docs/rules.md",
    "FENGHUO_COMPILED": "docs/scoring.md",
    "FENGHUO_KAFKA_VOLUME_GIB": "docker-compose.yml",
    "FENGHUO_UID": "docker-compose.yml",
    "FENGHUO_GID": "docker-compose.yml",
}
"""Of command lines and of how code is loaded, not of services."""
_NAMED = re.compile(r"FENGHUO_[A-Z][A-Z_]*[A-Z]")


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m docs.make_settings"


def test_every_service_is_on_the_page() -> None:
    assert set(SERVICES) == set(services.SERVICES)
    assert set(SERVICES) == {path.parent.name for path in ROOT.glob("services/*/settings.py")}


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_has_a_description(service: str) -> None:
    silent = [
        name
        for name, field in settings_of(service).model_fields.items()
        if len(field.description or "") < 10
    ]
    assert silent == []


def test_every_variable_that_code_or_documents_name_is_documented() -> None:
    documented = set(_NAMED.findall(PAGE.read_text(encoding="utf-8"))) | ELSEWHERE.keys()
    sources = [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")]
    for path in [*sources, *ROOT.glob("docs/*.md"), ROOT / "README.md"]:
        named = set(_NAMED.findall(path.read_text(encoding="utf-8")))
        assert named <= documented, f"{path.relative_to(ROOT)}: {named - documented}"
    for name, page_of_it in ELSEWHERE.items():
        assert name in (ROOT / page_of_it).read_text(encoding="utf-8")


def test_a_setting_is_read_from_the_variable_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("kafka_bootstrap"), "127.0.0.1:1")
    monkeypatch.setenv(variable("http_port"), "1")
    monkeypatch.setenv(variable("lateness_s"), "7")
    assert load(settings_of("scoring")).model_dump()["lateness_s"] == 7
