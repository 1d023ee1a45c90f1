"""Response modes 平急状态: proposals of a unit's mode, from the first signature to the end."""
