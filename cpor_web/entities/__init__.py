"""Entities in numbers: read, changed and written many at once, past what a session does for each."""
