"""How a process starts: what it does without, and how it keeps what it has loaded."""
