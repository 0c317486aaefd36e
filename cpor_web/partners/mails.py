"""What a mail about a claim said, for the partner to whom it was sent."""

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.claims import queries
from cpor_web.emails import words as mail_words
from cpor_web.extensions import db
from cpor_web.partners.blueprint import bp, claim_or_404
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web.current import actor, programme


@bp.get("/claims/<reference>/mails/<int:mail_id>")
@allowed(PARTNER_ROLES)
def mail(reference: str, mail_id: int) -> ResponseReturnValue:
    """Show the words of a mail to the partner; of one to a customer, or that was erased, that they are not shown."""
    claim = claim_or_404(reference)
    found = queries.mail_of(db.session(), claim, actor(), mail_id) or abort(404)
    words = mail_words.words(found, programme()) if mail_words.is_shown(found) else None
    back = url_for("partners.claim", reference=claim.reference, _anchor="mails")
    return render_template("mail.html", claim=claim, mail=found, words=words, back=back)
