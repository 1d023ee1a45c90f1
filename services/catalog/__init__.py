"""The ledger 资源编目: changes of entries come in; every entry with its history, and the topic of
entries, go out."""
