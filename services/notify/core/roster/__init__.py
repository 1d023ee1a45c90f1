"""The officers who hold the posts now."""
