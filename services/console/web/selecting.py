"""A selection as an officer sends it, and whom it reaches: one answer for the preview and the
order.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from services.console.core.access import Viewer, may_issue
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import RequestRefused
from shared.contracts.selections import Selection
from shared.domain.selection.reach import free_reach, root_of
from shared.runtime.decoding import explain

_NAMED = 5


def _strictly(given: Any) -> Any:
    """By the contract's own rules, as JSON: in a request's parsed body a list is no tuple yet."""
    if isinstance(given, Selection):
        return given
    try:
        return Selection.model_validate_json(json.dumps(given))
    except ValidationError as error:
        raise ValueError(explain(error)[1]) from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


SelectionBody = Annotated[Selection, BeforeValidator(_strictly)]


def reached(
    console: ConsoleDeps, viewer: Viewer, selection: Selection
) -> tuple[Viewer, frozenset[str]]:
    """As whom `me` would command, and the units reached, perhaps none. Raises Refused when it may
    not.
    """
    result = free_reach(console.names.tree, selection, viewer.unit)
    if result.unknown:
        raise RequestRefused(
            422,
            "Not in the catalogue",
            ", ".join(result.unknown[:_NAMED]),
            reason="unknown_units",
        )
    units = {
        unit: free_reach(console.names.tree, selection, unit).units for unit in viewer.commanding
    }
    acting = console.acting(
        viewer, lambda item: may_issue(item, units[item.unit]), root_of(result.units)
    )
    return acting, units[acting.unit]
