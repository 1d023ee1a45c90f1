"""SQL that several features of the console share."""
