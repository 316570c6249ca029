"""What people ask of a git repository."""
