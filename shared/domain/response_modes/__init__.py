"""Response modes 平急状态 as pure rules: order, inheritance, effects (docs/adr/0010)."""
