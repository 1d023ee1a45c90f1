"""Pure rules of the console: who may see and do what, which rows and JSON that becomes."""
