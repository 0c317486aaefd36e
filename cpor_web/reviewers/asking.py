"""What a reviewer does while the customer is asked: put a right contact in, let the clock go on, read a reply."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cpor_web.accounts.access import allowed
from cpor_web.claims import contacts
from cpor_web.models import Claim
from cpor_web.reviewers import page
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.decisions import do
from cpor_web.reviewers.forms import GoOnForm, ReplyForm, TurnDownForm
from cpor_web.rules.roles import REVIEWERS
from cpor_web.web.numbers import number_in
from cpor_web.web.one_claim import claim_or_404


@bp.post("/<reference>/correct-contact")
@allowed(REVIEWERS)
def correct_contact(reference: str) -> ResponseReturnValue:
    """Confirm the contact that the partner proposed; they get a notice and a full new window."""
    proposal = claim_or_404(reference).proposed_contact
    name = proposal.name if proposal else ""
    done = _("The contact is corrected: %(name)s is asked now, and a new notice goes out.", name=name)
    return do(reference, contacts.correct_contact, done)


@bp.post("/<reference>/turn-down")
@allowed(REVIEWERS)
def turn_down(reference: str) -> ResponseReturnValue:
    """Turn the contact down that the partner proposed; the partner is asked for another one."""
    form = TurnDownForm(prefix="turn-down")
    if not form.validate():
        return page.invalid(claim_or_404(reference), {"turn-down": form})

    def verb(session: Session, claim: Claim, **about: Any) -> None:
        contacts.turn_down(session, claim, form.why.data, **about)

    done = _("The proposed contact is turned down. The partner is asked for another one, and reads why.")
    return do(reference, verb, done, {"turn-down": form})


@bp.post("/<reference>/go-on")
@allowed(REVIEWERS)
def let_go_on(reference: str) -> ResponseReturnValue:
    """Let a stopped consent period run again."""
    form = GoOnForm(prefix="go-on")
    if not form.validate():
        return page.invalid(claim_or_404(reference), {"go-on": form})

    def verb(session: Session, claim: Claim, **about: Any) -> None:
        contacts.let_go_on(session, claim, form.why.data, **about)

    return do(reference, verb, _("The consent period goes on, with a full new window."), {"go-on": form})


@bp.post("/<reference>/reply")
@allowed(REVIEWERS)
def note_reply(reference: str) -> ResponseReturnValue:
    """Hold the closing, because somebody at the customer has replied."""

    def verb(session: Session, claim: Claim, *, seen: int, programme: object, **about: Any) -> None:
        contacts.note_reply(session, claim, **about)

    return do(reference, verb, _("The closing is held until the reply is read."))


@bp.post("/<reference>/reply/read")
@allowed(REVIEWERS)
def settle_reply(reference: str) -> ResponseReturnValue:
    """Record what a reply says: a denial, with its words as evidence, or none."""
    form = ReplyForm(prefix="reply")
    form.offer(claim_or_404(reference))
    if not form.validate():
        return page.invalid(claim_or_404(reference), {"reply": form})

    def verb(session: Session, claim: Claim, *, seen: int, **about: Any) -> None:
        up_to = number_in(request.form.get("up_to"))
        words, denies, whose = form.evidence.data, form.denies, form.who
        contacts.settle_reply(session, claim, words, denies=denies, whose=whose, up_to=up_to, **about)

    return do(reference, verb, _("What the reply says is recorded."), {"reply": form})
