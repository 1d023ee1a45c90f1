"""A dossier as one HTML file that needs nothing else and can run nothing.

Its policy allows the one style sheet inside it, by hash, and the pictures inside it, and stays with the file
when it is opened from a disk. All text is escaped by the template engine.
"""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from services.console.features.cases.dossier import Dossier
from services.console.web.shell import CONSOLE_FOLDER

_TEMPLATES = CONSOLE_FOLDER / "templates"
# Our own file, written out unescaped: in HTML the text of a style element knows no escapes.
_CSS = Markup((_TEMPLATES / "case.css").read_text(encoding="utf-8"))  # noqa: S704
_DIGEST = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'"
_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
)
_environment.filters["base64"] = lambda content: base64.b64encode(content).decode()


def html_file(file: Dossier) -> bytes:
    """The file, UTF-8."""
    template = _environment.get_template("case.html")
    return template.render(file=file, css=_CSS, policy=POLICY).encode()
