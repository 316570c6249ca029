"""What people ask of a Notion workspace."""
