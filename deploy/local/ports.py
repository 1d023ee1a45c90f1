"""TCP ports on 127.0.0.1: chosen once and remembered, so a restart keeps every address."""

import json
import os
import random
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.files import write_atomically
from deploy.local.errors import StackError

HOST = "127.0.0.1"
# Below the range from which Linux and macOS draw ports for outgoing connections.
_LOWEST, _HIGHEST = 20_000, 32_000
_claims: list[socket.socket] = []
"""Of the ports this process has drawn, released when it ends."""


def fixed_ports(text: str | None = None) -> dict[str, int]:
    """Return the user's ports from FENGHUO_PORTS, such as "console=8080,ingest=8081".

    Raises StackError when the text cannot be read.
    """
    text = os.environ.get("FENGHUO_PORTS", "") if text is None else text
    try:
        pairs = [item.split("=") for item in text.split(",") if item.strip()]
        return {name.strip(): int(number) for name, number in pairs}
    except ValueError:
        raise StackError(
            f'FENGHUO_PORTS reads "{text}" but must look like "console=8080,ingest=8081".'
        ) from None


def is_free(port: int) -> bool:
    """Return whether a listener can be opened on `port` right now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT counts as free, one with a listener does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def claim(port: int) -> bool:
    """Reserve `port` for this process; returns False when a stack has reserved the port.

    Seconds lie between the choice and the listener. The mark is a name in Linux' own list of
    sockets, no file and no port; elsewhere two stacks that start at once may still choose alike.
    """
    if not sys.platform.startswith("linux"):
        return True
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0fenghuo-port-{port}")
    except OSError:
        mark.close()
        return False
    _claims.append(mark)
    return True


def choose(names: Iterable[str], memory: Path, fixed: Mapping[str, int]) -> dict[str, int]:
    """One free port per name: the fixed one, else the remembered one, else a random free one.

    A remembered port that another program has taken meanwhile is replaced. Raises StackError when
    a fixed port is in use.
    """
    try:
        remembered: dict[str, int] = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        remembered = {}
    ports: dict[str, int] = {}
    for name in names:
        port = fixed.get(name) or remembered.get(name, 0)
        if name in fixed and not is_free(port):
            raise StackError(
                f"port {port}, which FENGHUO_PORTS gives to {name}, is in use by another program "
                "or not allowed; stop that program or choose another port."
            )
        used = {*remembered.values(), *fixed.values(), *ports.values()}
        while not port or not is_free(port):
            port = random.randrange(_LOWEST, _HIGHEST)  # noqa: S311 - no secret
            port = 0 if port in used or not claim(port) else port
        ports[name] = port
    write_atomically(memory, json.dumps({**remembered, **ports}, indent=1))
    return ports
