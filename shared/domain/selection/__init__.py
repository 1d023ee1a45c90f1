"""Who a selection of units means, given the catalogue. Pure; command resolves by it, console previews."""
