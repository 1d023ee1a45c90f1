"""The check before going live 上线自检: what a unit and its subtree still lack."""
