"""Babel without pytz: whatever imports its dates here has them from here.

Where pytz is installed, as Flask-Babel wants it to be, Babel has it look at six hundred files to learn this machine's
zone, which nothing here asks for; without, it asks Python itself for one, as our rules do.
"""

from cpor_web.starting.loading import instead

with instead(pytz=None):
    from babel.dates import format_date, format_timedelta

__all__ = ["format_date", "format_timedelta"]
