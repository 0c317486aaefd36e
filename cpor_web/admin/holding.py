"""Holding: why nothing is closed, what failed, and the release; what was held before."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.forms import ReleaseForm
from cpor_web.claims.queries import references_of
from cpor_web.extensions import db
from cpor_web.models import Mail
from cpor_web.rules.exc import Invalid, NotAllowed, Stale
from cpor_web.rules.roles import Role
from cpor_web.silence import failed_notices
from cpor_web.silence import holding as holdings
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme
from cpor_web.web.errors import sentence
from cpor_web.web.languages import percent
from cpor_web.web.numbers import number_in

MOST = 1000
"""Failed notices that are looked at; the figures count all."""

SHOWN = 10
"""Claims that are named for one answer."""

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


@dataclass(slots=True)
class Answer:
    """What a mail server or a report said, without the address it named, and of how many notices."""

    words: str
    number: int = 0
    references: list[str] = field(default_factory=list)


@bp.get("/holding")
@allowed(Role.ADMINISTRATOR)
def holding() -> ResponseReturnValue:
    """Show what is held, and why."""
    return _page(ReleaseForm(formdata=None))


@bp.post("/holding/release")
@allowed(Role.ADMINISTRATOR)
def release() -> ResponseReturnValue:
    """Let closing go on."""
    form = ReleaseForm()
    if not form.validate():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    seen = number_in(request.form.get("holding"))
    try:
        with transaction(db.session):
            holdings.release(db.session(), form.reason.data, actor=actor(), now=now(), seen=seen)
    except Invalid as invalid:
        form.reason.errors = [sentence(invalid)]
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    except Stale as refused:
        form.form_errors.append(sentence(refused))
        return _page(form), HTTPStatus.CONFLICT
    except NotAllowed as refused:
        flash(sentence(refused), "error")
    else:
        flash(_("Released. What is due, and whose notices got through, is closed from now on."), "success")
    return redirect(url_for("administration.holding"))


def _page(form: ReleaseForm) -> str:
    session = db.session()
    held = holdings.in_force(session)
    since = failed_notices.counted_since(session, now=held.began_at if held else now())
    return render_template(
        "admin/holding.html",
        answers=_answers(failed_notices.latest(session, since=since, most=MOST)),
        figures=failed_notices.figures(session, since=since),
        form=form,
        held=held,
        past=holdings.past(session),
        share=percent(programme().hold_share),
        count=programme().hold_count,
        partners=programme().hold_partners,
        since=since,
        suspects=() if held else failed_notices.suspects(session, since=since, programme=programme()),
        SHOWN=SHOWN,
    )


def _answers(failed: Sequence[Mail]) -> list[Answer]:
    """Group the notices by what was said of them, the most frequent first."""
    references = references_of(db.session(), actor(), (mail.claim_id for mail in failed))
    answers: defaultdict[str, Answer] = defaultdict(lambda: Answer(""))
    for mail in failed:
        words = _ADDRESS.sub("…", mail.bounce or mail.answer)
        answer = answers[words]
        answer.words, answer.number = words, answer.number + 1
        reference = references.get(mail.claim_id or 0)
        if reference and reference not in answer.references:
            answer.references.append(reference)
    return sorted(answers.values(), key=lambda answer: -answer.number)
