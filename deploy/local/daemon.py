"""The background process behind `make up`: one stack, until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local import kafka
from deploy.local.endpoints import Endpoints
from deploy.local.errors import StackError
from deploy.local.own_stack import OwnStack
from deploy.local.paths import REPO, Paths
from deploy.local.seeded_stack import SeededStack
from deploy.local.services import SERVICES
from deploy.local.stack import Phase, Stack

READY_MARK = "ready:"
_STOP_GRACE_S = 120.0
_SILENT_S = 8.0
"""Nobody waits longer than this without a line."""


@dataclass(frozen=True)
class Size:
    """The number of processes of each service, and of Kafka nodes.

    `empty`: the stack of an office, without the example.
    """

    replicas: int = 1
    brokers: int = 1
    empty: bool = False

    def arguments(self) -> list[str]:
        """Return the options of the command line that name this size."""
        numbers = ["--replicas", str(self.replicas), "--brokers", str(self.brokers)]
        return [*numbers, "--empty"] if self.empty else numbers


async def serve(root: Path, size: Size) -> None:
    """Run a stack in `root` until SIGTERM or SIGINT. Raises StackError when it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    replicas = dict.fromkeys(SERVICES, size.replicas)
    stack: Stack
    if size.empty:
        stack = OwnStack(root, replicas=replicas, brokers=size.brokers, report=_print_phase)
    else:
        stack = SeededStack(root, replicas=replicas, brokers=size.brokers, report=_print_phase)
        stack.canary = True
    starting = asyncio.create_task(stack.up())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            print(f"{READY_MARK} {stack.endpoints.console_url}", flush=True)
            await stopping
    finally:
        stopping.cancel()
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError, StackError):
            await starting
        await stack.down()


def launch(paths: Paths, size: Size) -> int:
    """Start the daemon and show its progress until the stack is ready; returns the exit code."""
    paths.create()
    if running(paths):
        print("already running")
        return 0
    log_path = paths.log / "stack.log"
    with log_path.open("wb") as log:
        daemon = subprocess.Popen(
            [
                *(sys.executable, "-m", "deploy.local", "serve", *size.arguments()),
                *("--root", str(paths.root)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=REPO,
            env={**os.environ, "PYTHONPATH": str(REPO), "PYTHONUNBUFFERED": "1"},
        )
    began = reported_at = time.monotonic()
    try:
        with log_path.open(encoding="utf-8", errors="replace") as progress:
            while True:
                ended = daemon.poll()
                for line in progress:
                    if line.startswith(READY_MARK):
                        return 0
                    print(line, end="", flush=True)
                    reported_at = time.monotonic()
                if (now := time.monotonic()) - reported_at >= _SILENT_S:
                    print(f"  starting, {now - began:.0f} s", flush=True)
                    reported_at = now
                if ended is not None:
                    return ended or 1
                time.sleep(0.05)
    except KeyboardInterrupt:
        daemon.terminate()
        daemon.wait()
        return 130


def stop(paths: Paths) -> int:
    """Stop the daemon and everything it runs; returns the exit code."""
    process = running(paths)
    if process is None:
        print("nothing runs")
        return 0
    process.terminate()
    try:
        process.wait(_STOP_GRACE_S)
    except psutil.TimeoutExpired:
        process.kill()  # its children end with it
        process.wait(10)
    print("stopped")
    return 0


def running(paths: Paths) -> psutil.Process | None:
    """The daemon that serves this root, None when there is none."""
    program, root = ["-m", "deploy.local", "serve"], ["--root", str(paths.root)]
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if words[1:4] == program and words[-len(root) :] == root:
                return process
        except psutil.Error:  # gone meanwhile, or somebody else's
            continue
    return None


def status(paths: Paths, answers: dict[str, str]) -> str:
    """A table of what runs; `answers` is the state of each process by name."""
    try:
        result = Endpoints.load(paths.run / "endpoints.json")
    except FileNotFoundError:
        return "nothing runs; start it with `make up`"
    if not psutil.pid_exists(result.supervisor_pid):
        return "nothing runs: the last stack was killed; start it again with `make up`"
    rows = [
        *(
            (kafka.node_name(number), address, pid, result.broker_name)
            for number, (address, pid) in enumerate(
                zip(result.kafka_bootstrap.split(","), result.kafka_pids, strict=True)
            )
        ),
        ("postgres", result.postgres_dsn, result.postgres_pid, answers.get("postgres", "")),
        *(
            (service.name, service.url, service.pid, answers.get(service.name, ""))
            for service in result.services
        ),
    ]
    lines = [
        f"{name:<12} {where:<52} pid {pid or '-':<8} {state}" for name, where, pid, state in rows
    ]
    warning = [kafka.banner(result.broker_name)] if result.stand_in else []
    return "\n".join([*warning, *lines])


def _print_phase(phase: Phase) -> None:
    print(f"  {phase.name:<20} {phase.seconds:5.1f} s", flush=True)
