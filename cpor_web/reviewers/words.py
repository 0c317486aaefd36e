"""Words of the reviewers' pages: how far a moment is away, and what rounds and answers are called."""

from datetime import datetime

from babel.dates import format_timedelta
from flask_babel import get_locale
from flask_babel import gettext as _

from cpor_web import history_words, mail_words
from cpor_web.models import AnswerKind, AssessmentState, Event, RoundState
from cpor_web.reviewers.blueprint import bp
from cpor_web.rules import contacts
from cpor_web.rules.words import N_

ROUNDS = {
    RoundState.WAITING: N_("The notices are not out yet. No clock runs."),
    RoundState.RUNNING: N_("The customer may deny."),
    RoundState.STOPPED: N_("The clock is stopped: a right customer contact is needed."),
    RoundState.PASSED: N_("The consent period passed without a denial."),
    RoundState.DENIED: N_("The customer denied."),
    RoundState.SILENT: N_("The customer's yes was needed, and none came."),
    RoundState.ENDED: N_("Ended from outside, without the customer."),
}

ANSWERS = {
    AnswerKind.DENIED: N_("denied"),
    AnswerKind.NO_OBJECTION: N_("has no objection"),
    AnswerKind.NOT_THE_RIGHT_PERSON: N_("is not the right person"),
    AnswerKind.UNDONE: N_("restored the association"),
    AnswerKind.YES_PRESSED: N_("said yes; it counts once it is confirmed"),
    AnswerKind.YES_CONFIRMED: N_("confirmed the yes"),
}

ASSESSMENTS = {
    AssessmentState.QUEUED: N_("Waiting to be assessed"),
    AssessmentState.ELIGIBLE: N_("Eligible"),
    AssessmentState.NOT_ELIGIBLE: N_("Not eligible"),
}

CONCERNS = {
    contacts.PARTNERS_OWN: N_("The address is within one of the partner's own domains."),
    contacts.ELSEWHERE: N_("The address is not within the customer's domain."),
    contacts.FREE: N_("It is a free-mail address."),
    contacts.SHARED: N_("It looks like an address that several people read."),
}
"""What is the matter with a contact's address, as a reviewer reads it."""


def away(moment: datetime, now: datetime) -> str:
    """Return how far `moment` is from `now`, roughly: "in 3 days", "2 hours ago"."""
    return str(format_timedelta(moment - now, add_direction=True, locale=str(get_locale() or "en")))


def due(moment: datetime, now: datetime, *, is_overdue: bool) -> str:
    """Return a deadline in words, with the word for one that was missed."""
    when = away(moment, now)
    return _("Overdue, was due %(when)s", when=when) if is_overdue else _("Due %(when)s", when=when)


def details(event: Event) -> list[str]:
    """Return what else there is to know of `event`, also the words of a reply: partners read them with a denial."""
    lines, words = history_words.details(event), event.data.get("evidence")
    return [*lines, f"{_('The words of the reply')}: {words}"] if words else lines


@bp.context_processor
def _for_templates() -> dict[str, object]:
    return {
        "answer_words": ANSWERS,
        "assessment_words": ASSESSMENTS,
        "away": away,
        "due": due,
        "event_actor": history_words.actor,
        "event_details": details,
        "mail_name": mail_words.name,
        "mail_state": mail_words.state,
        "round_words": ROUNDS,
        "told": history_words.told,
    }
