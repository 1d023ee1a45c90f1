"""Readings and rules come in; alarms and the health of sensors go out, decided by event time alone."""

import shared.runtime  # noqa: F401 - decides in which form the modules here are loaded
