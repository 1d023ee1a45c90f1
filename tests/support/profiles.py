"""The profiles of the shipped documents of limits about assignments."""

from __future__ import annotations

from services.command.core.supervision.profiles import profile_of
from tests.support.limits import shipped

DEMO = profile_of(shipped("assignments-demo"))
STANDARD = profile_of(shipped("assignments-standard"))
