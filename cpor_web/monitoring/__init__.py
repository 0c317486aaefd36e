"""What the installation tells of itself: whether it works, what waits, and how much it does."""
