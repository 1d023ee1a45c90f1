"""Rule packs: YAML with places, checks of rules alone and together, and the cases beside them."""
