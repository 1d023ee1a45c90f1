"""A dossier as a single HTML file without external resources and without scripts.

Its policy allows only the style sheet inside the file, by hash, and the embedded pictures. The
policy is part of the file, and also applies when the file is opened from a disk. The template
engine escapes all text.
"""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from services.console.features.cases.dossier import Dossier
from services.console.features.cases.printing.chart_shapes import shapes_of
from services.console.web.shell import CONSOLE_FOLDER

_TEMPLATES = CONSOLE_FOLDER / "templates"
# This style sheet is not escaped: in HTML the text of a style element knows no escapes.
_CSS = Markup((_TEMPLATES / "case.css").read_text(encoding="utf-8"))  # noqa: S704
_DIGEST = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
)
_environment.filters["shapes"] = lambda chart: shapes_of(chart, 900.0, 280.0)
_environment.filters["base64"] = lambda content: base64.b64encode(content).decode()


def html_file(file: Dossier) -> bytes:
    """Return the HTML file, UTF-8."""
    template = _environment.get_template("case.html")
    return template.render(file=file, css=_CSS, policy=POLICY).encode()
