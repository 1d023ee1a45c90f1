"""Write docs/settings.md from the services' settings classes: `python -m docs.make_settings`.

The page is in the repository; a test fails when it is not what this program would write.
"""

import importlib
import sys
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from shared.runtime.settings import DatabaseSettings, ServiceSettings

PAGE = Path(__file__).with_name("settings.md")
SERVICES = (
    "ingest", "scoring", "alerting", "command", "duty", "catalog", "notify", "console", "audit",
)  # fmt: skip

_HEAD = """# Settings

Written by `docs/make_settings.py` from the settings classes; do not edit. Every setting is an
environment variable. A service refuses to start with a wrong variable and names it, but not the
value. A setting that switches a feature on is named in `docker-compose.yml` and taken from `.env`
there. A setting without an entry under "default" must be set; with "-" it is not set, and the
feature is off.
"""


def settings_of(service: str) -> type[ServiceSettings]:
    """The class of a service's settings."""
    settings: type[ServiceSettings] = importlib.import_module(
        f"services.{service}.settings"
    ).Settings
    return settings


def variable(name: str) -> str:
    """The environment variable of a field."""
    return f"FENGHUO_{name.upper()}"


def page() -> str:
    """Return the page: the common settings, then each service's own settings and other defaults."""
    common: dict[str, FieldInfo] = dict(ServiceSettings.model_fields)
    stateful = {
        name: field for name, field in DatabaseSettings.model_fields.items() if name not in common
    }
    parts = [_HEAD, _table("every service", common), _table("with a database", stateful)]
    common_fields = common | stateful
    for service in SERVICES:
        own = {
            name: field
            for name, field in settings_of(service).model_fields.items()
            if name not in common_fields or field.default != common_fields[name].default
        }
        if own:
            parts.append(_table(service, own))
    return "\n".join(parts)


def _table(title: str, fields: dict[str, FieldInfo]) -> str:
    lines = [f"## {title}", "", "| variable | default | what it is |", "|---|---|---|"]
    for name, field in fields.items():
        description = " ".join((field.description or "").split())
        choices = _choices(field.annotation)
        choice_sentence = f" One of {', '.join(choices)}." if choices else ""
        lines.append(f"| `{variable(name)}` | {_default(field)} | {description}{choice_sentence} |")
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.default.value if isinstance(field.default, Enum) else field.default
    if value is None:
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [f"`{choice}`" for choice in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [f"`{choice.value}`" for choice in annotation]
    return []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
