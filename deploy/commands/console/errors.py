"""Errors that end the command line; docs/cli.md lists the exit codes."""

from __future__ import annotations

from typing import Any

SUCCESS, REFUSED, USAGE, UNREACHABLE = 0, 1, 64, 69


class CliError(Exception):
    """A sentence for standard error and an exit code."""

    code = USAGE


class WrongCall(CliError):
    """The person has to change the call, the token or the settings."""


class Unreachable(CliError):
    """No definite answer: the console cannot be reached or says that it is not available now."""

    code = UNREACHABLE


class Refused(CliError):
    """The console's problem document (RFC 9457), as title, detail and errors."""

    code = REFUSED

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        parts = [str(document.get("title") or f"HTTP {status}")]
        if detail := document.get("detail"):
            parts.append(str(detail))
        parts += [
            f"{problem.get('where')}: {problem.get('what')}"
            for problem in document.get("errors", ())
        ]
        super().__init__(" · ".join(parts))
        self.status = status
        self.document = document
