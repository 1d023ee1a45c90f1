"""The tools for the scripts, installed once however many test processes ask."""

import fcntl

from deploy.javascript import tools


def installed_tools() -> None:
    """Install the tools unless they are there; test processes do so in turn."""
    lock = tools.ROOT / "var" / "javascript.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        tools.install()
