"""What a mail about a claim said, for the partner to whom it was sent."""

from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.partners.blueprint import bp
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web.one_claim import claim_or_404, mail_page


@bp.get("/claims/<reference>/mails/<int:mail_id>")
@allowed(PARTNER_ROLES)
def mail(reference: str, mail_id: int) -> ResponseReturnValue:
    """Show the words of a mail to the partner; of one to a customer, or that was erased, that they are not shown."""
    return mail_page(claim_or_404(reference), mail_id)
