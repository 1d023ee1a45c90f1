"""The only vocabulary services share: frozen pydantic models and the topics table, no behaviour."""
