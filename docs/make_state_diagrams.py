"""Draw docs/states.md from the tables in shared/contracts/lifecycles: `python -m
docs.make_state_diagrams`.

The page is in the repository; a test fails when it is not what this program would write.
"""

import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).with_name("states.md")
LIFECYCLES = "shared.contracts.lifecycles"
MACHINES = {
    "alert": "services.alerting.core.alerts.states",
    "assignment": "services.command.core.assignments.states",
    "command": "services.command.core.commands.states",
    "mode_proposal": "services.command.core.modes.states",
    "report_duty": "services.command.core.reporting.states",
    "page": "services.notify.core.pages.states",
    "escalation": "services.notify.core.escalation.states",
    "digest": "services.notify.core.digests.states",
}
"""Every table and the module of its owner, which steps by it; the page has them in this order."""

_HEAD = """# State machines

Drawn from the tables by `docs/make_state_diagrams.py`; do not edit. An event that is not drawn at a
state is refused there and changes nothing. In brackets: the service that owns the table.
"""


def diagram(machine: ModuleType) -> str:
    """The table as a mermaid stateDiagram-v2; events between the same two states share an arrow."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.INITIAL}"]
    for state, row in machine.TRANSITIONS.items():
        arrows: dict[str, list[str]] = {}
        for event, target in row.items():
            arrows.setdefault(str(target), []).append(str(event))
        lines += [
            f"    {state} --> {target}: {', '.join(events)}" for target, events in arrows.items()
        ]
    lines += [f"    {state} --> [*]" for state in machine.TRANSITIONS if state in machine.FINAL]
    return "\n".join(lines)


def table(name: str) -> ModuleType:
    """The module of a table."""
    return importlib.import_module(f"{LIFECYCLES}.{name}")


def title(name: str) -> str:
    """Return the subject of the table and the service that owns it."""
    return f"{name.replace('_', ' ')} ({MACHINES[name].split('.')[1]})"


def page() -> str:
    """The whole page: per table what its module says of itself, then the diagram."""
    parts = [_HEAD]
    for name in MACHINES:
        machine = table(name)
        description = inspect.cleandoc(machine.__doc__ or "")
        parts.append(f"## {title(name)}\n\n{description}\n\n```mermaid\n{diagram(machine)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is current\n")
