"""One function made of several: several parts of the console hold one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

T = TypeVar("T")


def sequence(*functions: Callable[[T], None]) -> Callable[[T], None]:
    """Return a function that hands its argument to all functions, in this order."""
    return partial(_call_all, functions)


def _call_all(functions: Sequence[Callable[[T], None]], argument: T) -> None:
    for function in functions:
        function(argument)
