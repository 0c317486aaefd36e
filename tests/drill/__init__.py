"""Drills: what takes minutes. `make drill` runs them; they are called `drill_*.py`, so that `make test` does not."""
