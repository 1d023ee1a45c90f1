"""Failpoints surround every await of the services, and end the process at the armed one."""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.faults.suite.control_file import ControlFile
from tests.faults.suite.failpoints import (
    PACKAGES,
    ROOT,
    Ending,
    crossings,
    modules,
    points_of_service,
)

_SOURCE = """
import asyncio
async def numbers():
    yield 3
    yield 4
async def work():
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        return sum([number async for number in numbers()])
"""


def test_every_await_of_the_services_has_a_failpoint() -> None:
    for module, path in modules(PACKAGES):
        source = path.read_text(encoding="utf-8")
        nodes = [*ast.walk(ast.parse(source))]
        count = Counter(type(node) for node in nodes)
        items = sum(bool(node.is_async) for node in nodes if isinstance(node, ast.comprehension))
        expected = count[ast.Await] + 2 * count[ast.AsyncWith] + count[ast.AsyncFor] + items
        _, names = crossings(source, module)
        assert len(names) == len(set(names)) == expected, module


def test_the_points_of_a_service_are_its_own_and_those_of_the_runtime() -> None:
    names = points_of_service("ingest")
    assert len(names) == len(set(names))
    assert {name.partition(":")[0].split(".")[1] for name in names} == {"ingest", "runtime"}


def test_points_are_crossed_in_order_and_the_result_stays(tmp_path: Path) -> None:
    steps: list[tuple[str, str]] = []

    class Listing(Ending):
        def step(self, name: str, side: str) -> None:
            steps.append((name, side))

    listing = Listing(ControlFile(tmp_path, "p"))
    tree, names = crossings(_SOURCE, "m")
    names_of_suite = {
        "__crossing__": listing.crossing,
        "__step__": listing.step,
        "__items__": listing.items,
    }
    exec(compile(tree, "m", "exec"), names_of_suite)
    assert asyncio.run(names_of_suite["work"]()) == 7  # type: ignore[operator]
    assert names == [f"m:work:{number}" for number in (1, 2, 3, 4)]
    assert [f"{name[-1]} {side}" for name, side in steps] == [
        *("1 before", "1 after", "2 before", "2 after"),
        *("4 before", "4 after", "4 before", "4 after", "4 before"),
    ]


def test_a_process_ends_at_the_armed_point_and_only_there(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from tests.faults.suite import failpoints as f\n"
        "from tests.faults.suite.control_file import ControlFile\n"
        "folder = Path(sys.argv[1])\n"
        "f.install(ControlFile(folder, 'p'), folder / 'code')\n"
        "from shared.runtime import worker\n"
        "assert type(worker.__loader__).__module__ == f.__name__\n"
        "async def work(): await __crossing__('m:work:1', asyncio.sleep(0))\n"
        "asyncio.run(work())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    control = ControlFile(tmp_path, "p")
    for point, code in (("m:work:2:before", 0), ("m:work:1:after", -signal.SIGKILL)):
        control.point = point
        assert subprocess.run(command, env=environment, check=False).returncode == code
    assert control.point == ""


def test_a_control_file_is_shared(tmp_path: Path) -> None:
    first, second = ControlFile(tmp_path, "p"), ControlFile(tmp_path, "p")
    first.clock_error_s = -3600.5
    first.point = "m:f:1:before"
    assert (second.clock_error_s, second.point) == (-3600.5, "m:f:1:before")
    assert second.counter == first.counter == 1
