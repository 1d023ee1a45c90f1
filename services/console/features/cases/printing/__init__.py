"""Cases as files to hand on."""
