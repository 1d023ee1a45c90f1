"""Pure rules that several features of the console share."""
