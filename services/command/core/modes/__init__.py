"""平急状态: proposals of a unit's response mode, from the first word to the end by itself."""
