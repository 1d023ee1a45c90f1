"""The differences that a draft of limits would have made in recorded decisions."""
