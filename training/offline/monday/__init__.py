"""What people ask of the boards of a monday.com account."""
