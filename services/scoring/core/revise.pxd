# Compiled without types: what is called for one reading in a hundred.
