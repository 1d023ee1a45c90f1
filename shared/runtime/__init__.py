"""Thin platform code under every service: settings, broker, inbox and outbox, timers, health."""
