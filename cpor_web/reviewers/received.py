"""What came back by mail: people's replies, and what could not be understood; each as it came, to be saved."""

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.accounts.access import allowed
from cpor_web.claims import queries as claim_queries
from cpor_web.claims import replies
from cpor_web.extensions import db
from cpor_web.incoming import queries
from cpor_web.incoming.diagnoses import DIAGNOSES
from cpor_web.models import Claim, ReceivedKind, ReceivedMail
from cpor_web.reviewers.blueprint import bp
from cpor_web.rules.roles import REVIEWERS
from cpor_web.rules.words import N_
from cpor_web.web import downloads
from cpor_web.web.current import actor
from cpor_web.web.pages import cursors

EVERYTHING = "everything"

KINDS = {
    ReceivedKind.REPLY: N_("A person's reply"),
    ReceivedKind.HARD_BOUNCE: N_("Not delivered"),
    ReceivedKind.SOFT_BOUNCE: N_("Delayed"),
    ReceivedKind.AUTOMATIC: N_("Automatic"),
    ReceivedKind.UNRELATED: N_("About no mail of ours"),
}


@bp.get("/received")
@allowed(REVIEWERS)
def received() -> ResponseReturnValue:
    """List what came back, the newest first: what a person should look at, or what is asked for."""
    chosen = request.args.get("kind", "")
    page = queries.listed(
        db.session(),
        kind=next((kind for kind in ReceivedKind if kind.value == chosen), None),
        everything=chosen == EVERYTHING,
        **cursors(),
    )
    about = (each.mail.claim_id for each in page.rows if each.mail is not None)
    return render_template(
        "reviewers/received.html",
        page=page,
        references=claim_queries.references_of(db.session(), actor(), about),
        chosen=chosen,
        everything=EVERYTHING,
        kinds=KINDS,
        diagnoses=DIAGNOSES,
    )


@bp.get("/received/<int:received_id>")
@allowed(REVIEWERS)
def received_raw(received_id: int) -> ResponseReturnValue:
    """Give a mail as it came, without customers' links, until its time is over: as text, and only to be saved."""
    found = db.session.get(ReceivedMail, received_id) or abort(404)
    if found.raw is None:
        abort(404)
    return downloads.as_attachment(Response(found.raw, content_type="text/plain"), f"received-{found.id}.txt")


def unread(session: Session, claim: Claim) -> list[ReceivedMail]:
    """Return the replies that hold the claim's closing, the oldest first."""
    round_ = facts.latest_round(session, claim)
    return list(replies.unread(session, claim, round_)) if round_ is not None and round_.is_open else []
