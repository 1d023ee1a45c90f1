"""The stack of an office: it starts empty, and nothing of the example is ever put into it.

Units, sensors, rules, plans, officers and sources come from the office. A mark beside the data
tells such a stack from the example's; each refuses the data of the other.
"""

from __future__ import annotations

from deploy.local.errors import StackError
from deploy.local.paths import Paths
from deploy.local.seed import holds_example
from deploy.local.stack import Stack

_MARK = "own"
FIRST_OFFICER = "admin"
"""The id of the first administrator, unless another is named."""


def is_own(paths: Paths) -> bool:
    """Return whether the data in `paths` are those of an office."""
    return (paths.data / _MARK).exists()


def check_empty(paths: Paths) -> None:
    """Raise StackError where an office would start on the data of the example."""
    if holds_example(paths):
        raise StackError(
            f"{paths.data} holds the example: `make clean` removes it, or name another folder "
            "with --root."
        )


class OwnStack(Stack):
    """As `Stack`, and writes neither catalogue nor accounts."""

    async def _start_services(self) -> None:
        check_empty(self.paths)
        (self.paths.data / _MARK).touch()
        await super()._start_services()
