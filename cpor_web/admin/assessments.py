"""Assessments: where each stands, what the operator's own assessor was told, and tables out and in."""

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.exc import DBAPIError

from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.assessment import handover, queries, sheets
from cpor_web.assessment.words import STATES
from cpor_web.extensions import db
from cpor_web.models import AssessmentState, HandoverKind, HandoverState
from cpor_web.rules.exc import Invalid, Refused
from cpor_web.rules.roles import Role
from cpor_web.rules.words import N_
from cpor_web.tables import NotImported, Problem
from cpor_web.transactions import InDoubt, transaction
from cpor_web.web import downloads
from cpor_web.web.current import actor, now, programme
from cpor_web.web.errors import sentence
from cpor_web.web.pages import cursors

UNPROCESSABLE = 422
CONFLICT = 409
LARGEST_TABLE = 4 * 2**20

HANDOVER_STATES = {
    HandoverState.QUEUED: N_("Queued"),
    HandoverState.SENDING: N_("Being sent"),
    HandoverState.DELIVERED: N_("Delivered"),
    HandoverState.DEFERRED: N_("Tried, will be tried again"),
    HandoverState.GIVEN_UP: N_("Given up"),
}
HANDOVER_KINDS = {
    HandoverKind.ASSESS: N_("To be assessed"),
    HandoverKind.ENDED: N_("Correction: the association ended"),
    HandoverKind.RESTORED: N_("Correction: the association was restored"),
}
ASSESSORS = {
    "built-in": N_(
        "The catalogue's rules assess. CPOR_ASSESSOR hands assessments over to a system of yours instead."
    ),
    "webhook": N_("A system of yours assesses: it is told by webhook, and sends its results back."),
    "csv": N_("You assess: download what waits, fill in state and reasons, and upload the table."),
}


class ResultsForm(FlaskForm):
    """A table of results."""

    table = FileField(
        _l("Results"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "CSV in UTF-8 with the columns assessment, state (eligible or not-eligible) and reasons (parted by |). "
            "Where a row is wrong, nothing of it is taken."
        ),
        render_kw={"accept": ".csv,text/csv"},
    )


@bp.get("/assessments")
@allowed(Role.ADMINISTRATOR)
def assessments() -> ResponseReturnValue:
    """List assessments by state and flag, and the messages to the operator's own assessor."""
    return _page(ResultsForm())


@bp.get("/assessments.csv")
@allowed(Role.ADMINISTRATOR)
def waiting_assessments() -> Response:
    """Give what waits to be assessed as a table that can be filled in."""
    rows = sheets.waiting_rows(queries.waiting(db.session()), programme().catalogue)
    return downloads.table("assessments.csv", sheets.WAITING_HEADER, rows)


@bp.get("/corrections.csv")
@allowed(Role.ADMINISTRATOR)
def corrections() -> Response:
    """Give what ended or restored an association afterwards, each with a number of its own."""
    rows = sheets.correction_rows(queries.corrections(db.session()))
    return downloads.table("corrections.csv", sheets.CORRECTIONS_HEADER, rows)


@bp.post("/assessments/table")
@allowed(Role.ADMINISTRATOR)
def take_table() -> ResponseReturnValue:
    """Take a table of results, or nothing of it with what is wrong at each row and column."""
    if programme().assessor != "csv":
        abort(404)
    form = ResultsForm()
    if not form.validate():
        return _page(form), UNPROCESSABLE
    try:
        new, late = _record(sheets.read(db.session(), _table(form)))
    except Invalid as refused:
        form.table.errors = [sentence(refused)]
        return _page(form), UNPROCESSABLE
    except NotImported as refused:
        form.table.errors = [_("Nothing was taken: see below what is wrong.")]
        return _page(form, refused.problems), UNPROCESSABLE
    if late:
        recorded = ngettext("One result was recorded.", "%(num)s results were recorded.", new)
        form.table.errors = [recorded, _("See below what was not: another result came before.")]
        return _page(form, sorted(late, key=lambda each: each.row)), CONFLICT
    if new:
        flash(ngettext("One result was recorded.", "%(num)s results were recorded.", new), "success")
    else:
        flash(_("The table has nothing new: nothing was changed."), "info")
    return redirect(url_for("administration.assessments"))


@bp.post("/assessments/handovers/<int:handover_id>/send-again")
@allowed(Role.ADMINISTRATOR)
def send_handover_again(handover_id: int) -> ResponseReturnValue:
    """Send a message to the operator's own assessor once more."""
    if programme().assessor != "webhook":
        abort(404)
    try:
        with transaction(db.session):
            handover.send_again(db.session(), handover_id, actor=actor(), now=now())
    except Refused as refused:
        flash(sentence(refused), "error")
        return _page(ResultsForm()), CONFLICT
    flash(_("The message is queued once more."), "success")
    kept: dict[str, Any] = {name: value for name in ("state", "message") if (value := request.args.get(name))}
    return redirect(url_for("administration.assessments", _anchor="messages", **kept))


def _record(rows: list[sheets.Row]) -> tuple[int, list[Problem]]:
    """Record results part by part, so that no customer waits for all of them; return as `sheets.record` does."""
    new, late = 0, list[Problem]()
    for number, part in enumerate(sheets.parts(rows)):
        try:
            with transaction(db.session):
                more = sheets.record(db.session(), part, actor=actor(), now=now(), programme=programme())
        except DBAPIError as error:
            if number == 0:
                raise
            raise InDoubt("a part of a table was recorded") from error
        new, late = new + more[0], late + more[1]
    return new, late


def _table(form: ResultsForm) -> bytes:
    table: bytes = form.table.data.read(LARGEST_TABLE + 1)
    if len(table) > LARGEST_TABLE:
        raise Invalid(N_("The table is larger than 4 MiB."))
    return table


def _page(form: ResultsForm, problems: "list[Problem] | None" = None) -> str:
    session, wanted = db.session(), request.args.get("state", "")
    state = AssessmentState(wanted) if wanted in list(AssessmentState) else None
    sent = request.args.get("message", "")
    message_state = HandoverState(sent) if sent in list(HandoverState) else None
    return render_template(
        "admin/assessments.html",
        form=form,
        problems=problems or [],
        column_names=(),  # they keep their names in every language
        assessor=programme().assessor,
        assessor_words=ASSESSORS,
        page=queries.listed(session, state=state, flagged=wanted == "ended", **cursors()),
        wanted=wanted if state or wanted == "ended" else "",
        states=STATES,
        counts=queries.counts(session),
        messages=queries.handovers(session, state=message_state),
        message_state=message_state,
        message_states=HANDOVER_STATES,
        message_kinds=HANDOVER_KINDS,
        message_counts=queries.handover_counts(session),
        most=queries.PAGE,
        sendable=handover.SENDABLE,
    )
