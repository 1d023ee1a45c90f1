# Compiled without C types: about one reading in a hundred needs this module.
