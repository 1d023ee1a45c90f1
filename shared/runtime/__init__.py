"""Thin platform code under every service: settings, broker, inbox and outbox, timers, health."""

from shared.fastpath.loader import prefer

prefer()  # before any of the modules that have a compiled form is imported
