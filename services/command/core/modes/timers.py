"""Kinds of timers of a proposal."""

from __future__ import annotations

from enum import StrEnum


class ModeTimer(StrEnum):
    """`EXPIRE` is armed while the proposal is open, `END` while its mode is in force."""

    EXPIRE = "mode_expire"
    END = "mode_end"
