"""Installation and operation of Fenghuo: bootstrap, the one-machine stack, migrations."""
