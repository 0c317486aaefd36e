"""How often somebody may ask: who that is, and where it is counted."""
