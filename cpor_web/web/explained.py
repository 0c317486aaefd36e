"""A deadline's stored rule, told in plain sentences to whom it concerns."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_timedelta
from flask_babel import gettext as _
from flask_babel import ngettext

from cpor_web.moments import exactly, full_day
from cpor_web.rules.deadlines import BUSINESS_DAYS, ONE_SECOND, Calendar, Periods, days_held, has_passed
from cpor_web.rules.words import N_
from cpor_web.web.present import spoken

_STARTS = {
    "submitted": N_("The clock started when the claim was submitted: %(moment)s."),
    "resubmitted": N_("The clock started when the claim was resubmitted: %(moment)s."),
    "review": N_("The clock started when the review started: %(moment)s."),
    "partner": N_("The clock started when the mail server took the mail that told of it: %(moment)s."),
    "contact": N_("The clock started when the mail server took the mail that asked for a right contact: %(moment)s."),
    "consent": N_("The clock started when the mail server took the last notice: %(moment)s."),
    "undo": N_("The clock started when the denial was undone: %(moment)s."),
    "dispute": N_("The clock started with the rejection: %(moment)s."),
    "dispute-review": N_("The clock started when the dispute came in: %(moment)s."),
    "decision": N_("The time to decide counts from when the operator got the claim: %(moment)s."),
}
_ANY_START = N_("The clock started: %(moment)s.")
WHY_NOT_WORKING = frozenset({N_("weekend"), N_("closure")})
"""As the stored rules say it. Holidays have names of their own, and closures those that administrators gave them."""


def time_left(
    at: datetime, rule: Mapping[str, Any] | None, *, now: datetime, calendar: Calendar, language: str
) -> str:
    """Return how long it still is until a deadline, as people count: in business days where its `rule` does.

    `language` is the reader's.
    """
    if has_passed(at, now):
        return _("ended %(when)s", when=format_timedelta(at - now, add_direction=True, locale=language))
    days = (calendar.local_day(at) - calendar.local_day(now)).days
    if days == 0:
        return _("ends today")
    if days == 1:
        return _("ends tomorrow")
    working = days_held(now, at + ONE_SECOND, calendar) if rule and rule.get("unit") == BUSINESS_DAYS else 0
    return _days_left(language, days, working)


@lru_cache(maxsize=1000)
def _days_left(_of_language: str, days: int, working: int) -> str:
    """Say it in the reader's language, by which it is kept."""
    if working:
        return ngettext("%(num)d business day left", "%(num)d business days left", working)
    return ngettext("%(num)d day left", "%(num)d days left", days)


def how_long(period: str, periods: Periods) -> str:
    """Return how long a step takes at most that has not begun; `period` is a name of the settings of `Periods`."""
    length = getattr(periods, period)
    if period == "consent" and length == int(length):
        return ngettext("%(num)d day, once the notice is out", "%(num)d days, once the notice is out", int(length))
    if period == "consent":
        return _("%(count)s days, once the notice is out", count=f"{length:g}")
    return ngettext("Up to %(num)d business day", "Up to %(num)d business days", length)


def how_computed(rule: Mapping[str, Any]) -> list[str]:
    """Return the sentences that explain `rule`, the JSON of `rules.deadlines`, in the reader's language."""
    return [*_the_count(rule), *_what_came_first(rule)]


def _the_count(rule: Mapping[str, Any]) -> list[str]:
    zone = rule["zone"]
    start = exactly(datetime.fromisoformat(rule["from"]), spoken(), zone)
    sentences = [_(_STARTS.get(rule["period"], _ANY_START), moment=start), _length(rule)]
    if rule["last_day"] is None:
        return sentences
    if skipped := rule.get("skipped"):
        days = "; ".join(f"{_day(off['day'])} ({_(off['why'])})" for off in skipped)
        sentences.append(_("Not counted, for nobody works then: %(days)s.", days=days))
    if rule.get("added_to_be_full"):
        sentences.append(_("One day was added, so that every day is a full one."))
    sentences.append(
        _("It ends with the last second of %(day)s in the time zone %(zone)s.", day=_day(rule["last_day"]), zone=zone)
    )
    return sentences


def _length(rule: Mapping[str, Any]) -> str:
    count, used = rule["count"], rule.get("used", 0)
    if rule["unit"] == BUSINESS_DAYS:
        length = ngettext("It runs for %(num)d business day", "It runs for %(num)d business days", count)
    elif rule["last_day"] is None:
        return str(_("It runs for exactly %(count)s days.", count=f"{count:g}"))
    else:
        length = ngettext("It runs for %(num)d day", "It runs for %(num)d days", int(count))
    uncounted = _("the day on which it started is not counted")
    if used:
        before = ngettext(
            "%(num)d was used before the partner had the claim",
            "%(num)d were used before the partner had the claim",
            used,
        )
        return f"{length}; {before}; {uncounted}."
    return f"{length}; {uncounted}."


def _what_came_first(rule: Mapping[str, Any]) -> list[str]:
    """A stage and the whole decision both have an end, and so have two notices: say which one counts."""
    if printed := rule.get("printed"):
        end = exactly(datetime.fromisoformat(printed), spoken(), rule["zone"])
        return [_("A notice prints a later end than that: %(moment)s. What is printed counts.", moment=end)]
    if not (also := rule.get("also")):
        return []
    other = exactly(datetime.fromisoformat(also["at"]), spoken(), rule["zone"])
    if also["period"] == "decision":
        sentence = N_(
            "The whole decision would be due later or at the same moment: %(moment)s. What is first counts."
        )
    else:
        sentence = N_(
            "This stage alone would end later: %(moment)s. The whole decision is due first, so that counts."
        )
    return [_(sentence, moment=other)]


def _day(iso: str) -> str:
    return full_day(date.fromisoformat(iso), spoken())
