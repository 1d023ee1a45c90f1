"""Selections of officers and the reached units, for the preview and the command."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from services.console.core.access import Viewer, may_issue
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import ApiProblem
from shared.contracts.selections import Selection
from shared.domain.selection.reach import free_reach, root_of
from shared.runtime.decoding import explain

_MOST_NAMED = 5


def _strictly(value: Any) -> Any:
    """Validate by the rules of the contract, from JSON: in a parsed body a list is no tuple yet."""
    if isinstance(value, Selection):
        return value
    try:
        return Selection.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise ValueError(explain(error)[1]) from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


SelectionBody = Annotated[Selection, BeforeValidator(_strictly)]


def reached(
    console: ConsoleDeps, viewer: Viewer, selection: Selection
) -> tuple[Viewer, frozenset[str]]:
    """Return the viewer as of the commanding unit, and the reached units. Raises RequestRefused."""
    result = free_reach(console.names.tree, selection, viewer.unit)
    if result.unknown:
        raise ApiProblem(
            422,
            "Not in the catalogue",
            ", ".join(result.unknown[:_MOST_NAMED]),
            reason="unknown_units",
        )
    units = {
        unit: free_reach(console.names.tree, selection, unit).units for unit in viewer.commanding
    }
    acting = console.acting(
        viewer, lambda item: may_issue(item, units[item.unit]), root_of(result.units)
    )
    return acting, units[acting.unit]
