"""The command line over plan packs: what is wrong with them, and whom they would reach."""
