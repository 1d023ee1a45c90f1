"""Apache Kafka's jars: fetched once, each verified against a committed SHA-256.

`python -m deploy.local.jars` fetches them. Addresses never stand here: the resolver has its own
default, and FENGHUO_MAVEN_MIRROR names another repository.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from deploy.local.errors import StackError
from deploy.local.paths import cache_dir

KAFKA_VERSION = "4.3.1"
# slf4j-api by name: the broker's own dependencies would settle for an older one.
ENDPOINTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    "org.slf4j:slf4j-api:2.0.20",
    "org.slf4j:slf4j-simple:2.0.20",
)
LIST = Path(__file__).with_name("kafka-jars.sha256")


def read_list(text: str) -> dict[str, str]:
    """Lines `group:artifact:version  sha256` as {coordinate: sha256}. Raises ValueError."""
    entries: dict[str, str] = {}
    for line in text.splitlines():
        coordinate, digest = line.split()
        if coordinate.count(":") != 2 or len(digest) != 64:
            raise ValueError(f"not `coordinate  sha256`: {line!r}")
        entries[coordinate] = digest
    return entries


def jar_path(repository: Path, coordinate: str) -> Path:
    """Return the path of the jar of `group:artifact:version` in a Maven repository folder."""
    group, artifact, version = coordinate.split(":")
    return repository.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")


def unverified(repository: Path, digests: Mapping[str, str]) -> list[str]:
    """Coordinates whose jar is missing or has another hash; a wrong file is deleted."""
    bad: list[str] = []
    for coordinate, digest in digests.items():
        path = jar_path(repository, coordinate)
        try:
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            bad.append(coordinate)
            continue
        if actual != digest:
            path.unlink()
            bad.append(coordinate)
    return bad


def cached() -> list[Path] | None:
    """The verified class path when all jars are here, else None. No network; about 0.1 s."""
    digests, repository = read_list(LIST.read_text(encoding="ascii")), cache_dir() / "maven"
    if unverified(repository, digests):
        return None
    return [jar_path(repository, coordinate) for coordinate in digests]


def fetch() -> list[Path]:
    """The class path, downloading what is missing. Raises StackError when that fails."""
    digests, repository = read_list(LIST.read_text(encoding="ascii")), cache_dir() / "maven"
    reason = "their SHA-256 is not the expected one"
    if missing := unverified(repository, digests):
        print(f"fetching Apache Kafka {KAFKA_VERSION} ({len(missing)} jars)", flush=True)
        repository.mkdir(parents=True, exist_ok=True)
    # Twice with the resolver, because a broken download was deleted and is worth one more try.
    for attempt in (_fetch_with_jgo, _fetch_with_jgo, _fetch_with_mvn):
        if not missing:
            break
        try:
            attempt(repository)
        except Exception as error:  # third-party resolvers raise what they like
            reason = type(error).__name__
        missing = unverified(repository, digests)
    if missing:
        raise StackError(
            f"{len(missing)} of {len(digests)} jars of Apache Kafka cannot be fetched ({reason}); "
            "check the network or set FENGHUO_MAVEN_MIRROR to a repository you can reach."
        )
    return [jar_path(repository, coordinate) for coordinate in digests]


def _mirror() -> str:
    return os.environ.get("FENGHUO_MAVEN_MIRROR", "").strip()


def _fetch_with_jgo(repository: Path) -> None:
    from jgo.env import EnvironmentBuilder
    from jgo.maven import MavenContext, PythonResolver

    logging.getLogger("jgo").setLevel(logging.ERROR)
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=repository,
        remote_repos={"mirror": _mirror()} if _mirror() else None,
        timeout=120,
    )
    # Its environment folders are of no use: we launch from the repository folder itself.
    with tempfile.TemporaryDirectory() as scratch:
        EnvironmentBuilder(context, cache_dir=Path(scratch)).from_endpoint("+".join(ENDPOINTS))


def _fetch_with_mvn(repository: Path) -> None:
    """The system's Maven as a second way in: it reads the user's own settings.xml."""
    program = shutil.which("mvn")
    if not program:
        raise FileNotFoundError("mvn")
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
        "</dependency>".format(*coordinate.split(":"))
        for coordinate in ENDPOINTS
    )
    project = (
        "<project><modelVersion>4.0.0</modelVersion><groupId>fenghuo</groupId>"
        "<artifactId>kafka</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
    with tempfile.TemporaryDirectory() as scratch:
        pom = Path(scratch) / "pom.xml"
        pom.write_text(project, encoding="utf-8")
        command = [program, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        command += ["-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={repository}"]
        if _mirror():
            settings = Path(scratch) / "settings.xml"
            settings.write_text(
                "<settings><mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf>"
                f"<url>{escape(_mirror())}</url></mirror></mirrors></settings>",
                encoding="utf-8",
            )
            command += ["-s", str(settings)]
        subprocess.run(command, check=True, capture_output=True, timeout=600)


if __name__ == "__main__":
    try:
        fetch()
    except StackError as failure:
        print(f"fenghuo: {failure}", file=sys.stderr)
        sys.exit(1)
