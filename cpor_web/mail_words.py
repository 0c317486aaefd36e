"""What a mail is called, and where it stands, in words; for partners and reviewers alike."""

from flask_babel import gettext as _

from cpor_web.emails.names import NAMES
from cpor_web.models import Mail, MailState
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
    """Return what kind of mail this is; a kind without words is shown as it is."""
    return str(_(NAMES.get(mail.kind, mail.kind)))


def state(mail: Mail) -> str:
    """Return where the mail stands."""
    return str(_(STATES[mail.state]))
