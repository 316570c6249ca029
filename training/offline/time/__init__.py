"""What people ask about the time of day around the world."""
