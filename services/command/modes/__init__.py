"""平急状态: the desk that applies acts, alerts and timers to proposals, and its SQL."""
