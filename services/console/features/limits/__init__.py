"""Limits 时限与权限: documents in force, drafts with two signatures, and previews."""
