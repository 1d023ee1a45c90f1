"""How Fenghuo is installed and run: bootstrap, the one-machine stack, migrations."""
