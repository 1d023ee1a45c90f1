"""The ledger 资源编目 on the page of administration: entries, their history, and changes."""
