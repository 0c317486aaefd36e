"""The notice to the customer, as it stands."""

from sqlalchemy.orm import Session

from cpor_web.models import Claim, Mail
from tests.support.claims import mail_of


def notice_of(session: Session, claim: Claim) -> Mail:
    """Read the notice of a claim anew."""
    session.expire_all()
    return mail_of(session, claim, "consent-notice")
