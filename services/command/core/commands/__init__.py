"""A whole command 指令: orders, fan-out, authority of officers, and the roll-up of assignments."""
