"""The HTTP doors: sign-in, reads, acts, the live stream, pages. Everything here is edge, no rule."""
