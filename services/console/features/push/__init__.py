"""Pushes to browsers: registered devices, and answers from notifications."""
