"""A selection from outside with deeper nesting than Python can follow."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.console.web.selecting import SelectionBody


@pytest.mark.parametrize("depth", [1, 100, 1_000, 100_000])
def test_a_nested_selection_is_refused(depth: int) -> None:
    selection: Any = 1
    for _ in range(depth):
        selection = {"a": selection}
    with pytest.raises(ValidationError):
        TypeAdapter(SelectionBody).validate_python(selection)
