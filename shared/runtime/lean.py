"""Imported first of all by a service's process: keeps out what libraries import only because it is installed.

structlog loads rich for tracebacks in a terminal, httpx2 rich and pygments for a command of its own, wherever
they can be found; a service writes JSON lines. It is 3 MiB a process. The commands for people, which do draw,
do not come this way.
"""

from __future__ import annotations

import sys

_NOT_HERE = ("rich", "pygments")

for _name in _NOT_HERE:
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # an import of it finds nothing
