"""`python -m tests.faults.fuzz.fuzzing DECODER OPTIONS`: one decoder under libFuzzer.

Nothing of ours is imported before atheris instruments it. libFuzzer ends the process.
"""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    atheris = import_module("atheris")  # it has no types, and is only there for `make fuzz`

    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["services", "shared", "icalendar"]):
        from tests.faults.fuzz.decoders import run

    atheris.Setup([sys.argv[0], *options], lambda data: run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
