"""Measurements of speed and cost; each writes its figures as JSON, with how and where they were taken."""
