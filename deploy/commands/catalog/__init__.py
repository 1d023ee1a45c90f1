"""The ledger on the command line: `fenghuo catalog`."""
