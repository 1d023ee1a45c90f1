"""Warnings of other agencies 外部预警 that hold now or will hold."""
