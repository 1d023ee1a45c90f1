"""The life of a whole command 指令 as one table; command steps by it.

It follows from its assignments and the issuer.

`settle`: nothing is left for the recipients to do. `reopen`: something is again (one was sent
back). `recur`: the same has happened again after the closing; the case goes on as one command.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.commands import CommandState

State = CommandState


class CommandTrigger(StrEnum):
    """The events of a command."""

    SETTLE = "settle"
    REOPEN = "reopen"
    CLOSE = "close"
    REVOKE = "revoke"
    RECUR = "recur"


TRANSITIONS: dict[State, dict[CommandTrigger, State]] = {
    State.ISSUED: {
        CommandTrigger.SETTLE: State.AWAITING_CHECK,
        CommandTrigger.REVOKE: State.REVOKED,
    },
    State.AWAITING_CHECK: {
        CommandTrigger.REOPEN: State.ISSUED,
        CommandTrigger.CLOSE: State.CLOSED,
        CommandTrigger.REVOKE: State.REVOKED,
    },
    State.CLOSED: {CommandTrigger.RECUR: State.ISSUED},
    State.REVOKED: {},
}
INITIAL = State.ISSUED
FINAL = frozenset({State.REVOKED})
ENDED = frozenset({State.CLOSED, State.REVOKED})
"""Nothing is waited for; a closed case may still come back."""
OPEN = frozenset({State.ISSUED, State.AWAITING_CHECK})
"""Its assignments can still be acted on."""
READY: dict[str, frozenset[State]] = {
    "check": OPEN,
    "close": OPEN,
    "revoke": OPEN,
    "reopen": frozenset({State.CLOSED}),
    "urge": OPEN,
}
"""The states in which an officer's word about the whole command is taken."""
