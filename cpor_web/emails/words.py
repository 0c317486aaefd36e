"""What a mail is called, where it stands, and what it says, in words; for partners and reviewers alike."""

from functools import cache

from flask_babel import gettext as _

from cpor_web.emails.names import name_of
from cpor_web.emails.rendering import Renderer, Words
from cpor_web.models import Mail, MailState
from cpor_web.programme import Programme
from cpor_web.rules.words import N_

STATES = {
    MailState.QUEUED: N_("Queued"),
    MailState.SENDING: N_("Being sent"),
    MailState.SENT: N_("Sent"),
    MailState.DEFERRED: N_("Deferred, tried again later"),
    MailState.REFUSED: N_("Not delivered"),
    MailState.UNKNOWN: N_("Handed over; the server's answer was lost"),
    MailState.BOUNCED: N_("Came back"),
}


def name(mail: Mail) -> str:
    """Return what kind of mail this is."""
    return str(_(name_of(mail.kind, mail.context)))


def state(mail: Mail) -> str:
    """Return where the mail stands."""
    return str(_(STATES[mail.state]))


def is_shown(mail: Mail) -> bool:
    """Tell whether who is signed in may read what a mail said: what customers get has a link that is theirs alone."""
    return mail.invitation_id is None and mail.erased_at is None


def words(mail: Mail, programme: Programme) -> Words:
    """Return what a mail says that is shown."""
    assert is_shown(mail)
    links = {"public_url": programme.public_url, "guide_url": programme.guide_url}
    return renderer(programme.calendar.zone.key).render(mail.kind, mail.context, language=mail.language, links=links)


@cache
def renderer(zone: str) -> Renderer:
    """Return what writes the mails that are only looked at."""
    return Renderer(zone)
