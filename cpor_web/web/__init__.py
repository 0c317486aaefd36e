"""What every request meets and every page is made of: who asks, in which language, under which headers."""
