"""A stack elsewhere under the addresses of the checkout's own: `make demo` where the README looks.

While it is announced, run/endpoints.json, run/secrets/source-local and run/secrets/accounts.json of
the checkout are links into the other stack. What `make up` has left at these places stands aside
meanwhile.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.paths import Paths

SHOWN_FILES = ("endpoints.json", "secrets/source-local", "secrets/accounts.json")
_ASIDE = ".aside"


@contextmanager
def announced(own: Paths, stack: Paths) -> Iterator[bool]:
    """Lead from the folders of `own` to the running `stack`; False when a stack runs in `own`."""
    withdraw(own)
    if _runs(own):
        yield False
        return
    own.run.mkdir(parents=True, exist_ok=True)
    own.secrets.mkdir(mode=0o700, exist_ok=True)
    for name in SHOWN_FILES:
        place = own.run / name
        if place.exists():
            place.rename(_aside(place))
        place.symlink_to(stack.run / name)
    try:
        yield True
    finally:
        withdraw(own, stack)


def withdraw(own: Paths, stack: Paths | None = None) -> None:
    """Take the links away (those to `stack` alone, when it is given) and put back what stood there.

    A stack that starts in `own` does so itself: the demo may run on, or may have been killed.
    """
    for name in SHOWN_FILES:
        place = own.run / name
        leads = place.is_symlink() and place.readlink()
        if leads and (stack is None or leads == stack.run / name):
            place.unlink()
        aside = _aside(place)
        if aside.exists() and not place.exists() and not place.is_symlink():
            aside.rename(place)


def _runs(own: Paths) -> bool:
    """Return whether a stack runs in `own`, since a running stack holds the lock."""
    try:
        with (own.run / "stack.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _aside(place: Path) -> Path:
    return place.with_name(place.name + _ASIDE)
