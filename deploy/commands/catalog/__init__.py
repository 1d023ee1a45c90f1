"""The command line over files of the ledger 资源编目: what is wrong with them, what would change."""
