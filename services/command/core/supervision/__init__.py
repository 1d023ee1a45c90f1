"""Supervision 督办: deadlines, the timers that guard them, and the officers who are called."""
