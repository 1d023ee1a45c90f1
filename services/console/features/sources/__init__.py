"""Data sources 数据来源: who may send records to ingest, and what was refused of them."""
