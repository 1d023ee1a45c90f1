"""The machine and the libraries of the figures, which mean nothing without them."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from deploy.local.errors import StackError
from deploy.local.java import find

_LIBRARIES = ("aiokafka", "faststream", "msgspec", "pydantic", "psutil")


def facts() -> dict[str, object]:
    """Processor, memory, versions and date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {
            "python": sys.version.split()[0],
            "java": _java(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    match = re.search(r"model name\s*:\s*(.+)", text)
    family = re.search(r"cpu family\s*:\s*(\d+)", text)
    model = re.search(r"^model\s*:\s*(\d+)", text, re.MULTILINE)
    name = match[1] if match else platform.machine()
    return f"{name} (family {family[1]}, model {model[1]})" if family and model else name


def _java() -> str:
    try:
        return str(find().major)
    except StackError:
        return "none"
