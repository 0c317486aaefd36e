"""The rulebook: statuses, transitions, deadlines and reasons as data and pure functions.

It imports the standard library only: no I/O, no clock, no database, no web. Time, calendar and facts come in
as arguments, so every rule can be read, tested and drawn without anything else running.
"""
