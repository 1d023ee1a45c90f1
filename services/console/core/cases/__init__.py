"""A case 案卷: one incident from its first alert to its review, as a person reads it afterwards."""
