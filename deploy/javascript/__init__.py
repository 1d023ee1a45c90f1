"""Checks of the console's scripts: TypeScript for types, ESLint for rules, Prettier for the format.

The versions and hashes of the tools are in package-lock.json. The tools lie in node_modules, which
is not committed, and are never served.
"""
