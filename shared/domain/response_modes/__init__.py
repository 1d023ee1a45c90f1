"""Response modes 平急状态 as pure rules: their order, how they are inherited, what they change (adr/0010)."""
