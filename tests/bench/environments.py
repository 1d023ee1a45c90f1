"""The environments of peers: a Python environment for each, and a compiled Java program.

No package of a peer enters .venv. Environments lie in var/bench, pinned, and are made once. If an
environment cannot be made, `Unavailable` states the reason, the row stays empty and further rows
run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.bootstrap import UV, VENV_PYTHON, _index_for_uv
from deploy.local import jars
from deploy.local.errors import StackError
from deploy.local.java import Java, find
from deploy.local.paths import REPO, cache_dir

FOLDER = REPO / "var" / "bench"
SOURCES = REPO / "tests" / "bench" / "peers"
STREAMS = SOURCES / "streams"
JARS = STREAMS / "jars.sha256"
"""What Kafka Streams needs beyond the broker's own jars, and a compiler."""
BROKER_JARS = ("kafka-clients", "slf4j-api", "slf4j-simple", "jackson-")
COMPILER = "ecj"
PINS = {
    "bytewax": ("bytewax==0.21.1", "confluent-kafka==2.16.1", "msgspec==0.22.0"),
    "quixstreams": ("quixstreams==3.28.1", "msgspec==0.22.0"),
    "faust": ("faust-streaming==0.15.3", "aiokafka==0.14.0", "msgspec==0.22.0"),
}
_TIMEOUT_S = 600


class Unavailable(Exception):
    """A row that cannot be had on this machine, with the reason."""


def python_of(name: str) -> Path:
    """Return the interpreter of a peer's environment, made on first use. Raises Unavailable."""
    folder, pins = FOLDER / f"env-{name}", "\n".join(PINS[name])
    program, stamp = folder / "bin" / "python", folder / "pins.txt"
    if program.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == pins:
        return program
    shutil.rmtree(folder, ignore_errors=True)
    print(f"setting up {PINS[name][0]}", flush=True)
    index = _index_for_uv([str(VENV_PYTHON), "-m", "pip"])
    _run([str(UV), "venv", "--quiet", "--python", str(VENV_PYTHON), str(folder)], name)
    _run([str(UV), "pip", "install", "--quiet", "--python", str(program), *PINS[name]], name, index)
    stamp.write_text(pins, encoding="ascii")
    return program


def versions_of(name: str) -> dict[str, str]:
    """Package versions in a peer's environment."""
    command = [str(UV), "pip", "freeze", "--quiet", "--python", str(python_of(name))]
    lines = _run(command, name).splitlines()
    return dict(sorted(line.split("==") for line in lines if line.count("==") == 1))


def streams_command(heap_mb: int = 1024) -> list[str]:
    """The command line of the Kafka Streams program, compiled when needed. Raises Unavailable."""
    try:
        java = find()
        broker = [path for path in jars.fetch() if path.stem.startswith(BROKER_JARS)]
    except StackError as error:
        raise Unavailable(str(error)) from None
    extra = _extra_jars()
    classes = _compile(java, [*broker, *extra])
    libraries = [path for path in (*broker, *extra) if not path.stem.startswith(COMPILER)]
    classpath = os.pathsep.join(map(str, [classes, *libraries]))
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    flags = [flag for flag in java.flags(heap_mb) if flag != "-XX:+UseSerialGC"]
    return [str(java.program), *flags, quiet, "-cp", classpath, "Main"]


def _extra_jars() -> list[Path]:
    pins, repository = jars.read_list(JARS.read_text(encoding="ascii")), cache_dir() / "maven"
    reason = "their SHA-256 is not the expected one"
    if jars.unverified(repository, pins):
        print(f"fetching {', '.join(pins)}", flush=True)
        try:
            _fetch(repository, list(pins))
        except Exception as error:  # the resolver raises what it likes
            reason = type(error).__name__
    if missing := jars.unverified(repository, pins):
        raise Unavailable(f"jars cannot be fetched ({reason}): {', '.join(missing)}")
    return [jars.jar_path(repository, coordinate) for coordinate in pins]


def _fetch(repository: Path, coordinates: list[str]) -> None:
    from jgo.env import EnvironmentBuilder
    from jgo.maven import MavenContext, PythonResolver

    mirror = os.environ.get("FENGHUO_MAVEN_MIRROR", "").strip()
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=repository,
        remote_repos={"mirror": mirror} if mirror else None,
        timeout=120,
    )
    with tempfile.TemporaryDirectory() as scratch:
        EnvironmentBuilder(context, cache_dir=Path(scratch)).from_endpoint("+".join(coordinates))


def _compile(java: Java, classpath: list[Path]) -> Path:
    sources = sorted(STREAMS.glob("*.java"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    classes = FOLDER / f"streams-{digest}"
    if classes.exists():
        return classes
    scratch = FOLDER / "streams-new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    path = os.pathsep.join(map(str, classpath))
    arguments = ["-nowarn", "-source", "17", "-target", "17", "-cp", path, "-d", str(scratch)]
    if javac := shutil.which("javac"):
        command = [javac]
    else:
        main = "org.eclipse.jdt.internal.compiler.batch.Main"
        command = [str(java.program), "-cp", path, main]
    _run([*command, *arguments, *map(str, sources)], "kafka_streams")
    scratch.rename(classes)
    return classes


def _run(command: list[str], name: str, extra_env: Mapping[str, str] | None = None) -> str:
    """Output of a set-up command; raises Unavailable with its last line when it fails."""
    try:
        process = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
            cwd=REPO,
            env={**os.environ, **(extra_env or {})},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{name} cannot be set up: {type(error).__name__}") from None
    if process.returncode:
        lines = (process.stderr.strip() or process.stdout.strip() or "no output").splitlines()
        print("\n".join(lines), file=sys.stderr)
        raise Unavailable(f"{name} cannot be set up: {lines[-1].strip()[:200]}")
    return process.stdout
