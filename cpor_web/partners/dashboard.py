"""Customer associations: the partner's claims, those that wait for the partner first."""

from collections.abc import Iterator

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import downloads
from cpor_web.accounts.access import allowed
from cpor_web.claims import queries
from cpor_web.claims.next_steps import next_step
from cpor_web.current import actor, now, programme
from cpor_web.extensions import db
from cpor_web.models import Claim, Round
from cpor_web.numbers import page_number
from cpor_web.partners.blueprint import bp
from cpor_web.partners.details import shown
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.roles import CLAIMANTS, PARTNER_ROLES
from cpor_web.rules.statuses import Status

LONGEST_SEARCH = 200


@bp.get("/claims")
@allowed(PARTNER_ROLES)
def dashboard() -> ResponseReturnValue:
    """List the claims of one status or all, with what happens next and by when."""
    session, status, search = db.session(), _status(), _search()
    number = page_number()
    offset = (number - 1) * queries.PAGE
    found = queries.dashboard(session, actor(), status=status, search=search, limit=queries.PAGE + 1, offset=offset)
    more = len(found) > queries.PAGE
    shown = found[: queries.PAGE]
    rounds = queries.latest_rounds(session, shown)
    return render_template(
        "partners/dashboard.html",
        can_claim=actor().role in CLAIMANTS,
        counts=queries.counts(session, actor(), search=search),
        rows=[(claim, next_step(claim, rounds.get(claim.id), now=now())) for claim in shown],
        next_page=_address(number + 1) if more else None,
        previous_page=_address(number - 1) if number > 1 else None,
        search=search,
        status=status,
        statuses=list(Status),
    )


@bp.get("/claims.csv")
@allowed(PARTNER_ROLES)
def export_claims() -> Response:
    """Give what is filtered as a table."""
    claims = queries.dashboard(db.session(), actor(), status=_status(), search=_search(), limit=None)
    header = [_("Reference"), _("Status"), _("Since"), _("What happens next"), _("Due")]
    header += [_(field.label) for field in FIELDS]
    rounds = queries.latest_rounds(db.session(), claims)
    return downloads.table("claims.csv", header, (list(_row(claim, rounds.get(claim.id))) for claim in claims))


def _row(claim: Claim, round_: Round | None) -> Iterator[object]:
    step = next_step(claim, round_, now=now())
    yield from (claim.reference, _(claim.status.label), claim.status_since.isoformat(), _(step.sentence))
    yield step.by.isoformat() if step.by else ""
    texts = shown(claim, programme().catalogue)
    yield from (texts[field.name] for field in FIELDS)


def _status() -> Status | None:
    status = request.args.get("status", "")
    return Status(status) if status in list(Status) else None


def _search() -> str:
    return request.args.get("search", "").strip()[:LONGEST_SEARCH]


def _address(number: int) -> str:
    status = _status()
    return url_for("partners.dashboard", status=status and status.value, search=_search() or None, page=number)
