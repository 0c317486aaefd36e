"""Claims from a CSV table: a template, a dry run that says what would happen at each row, and then the drafts."""

import base64
import binascii
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from cpor_web.accounts.access import allowed
from cpor_web.claims import importing, tables
from cpor_web.extensions import db
from cpor_web.lists.own import Sort
from cpor_web.partners import uploads
from cpor_web.partners.blueprint import bp
from cpor_web.partners.claim_form import blank
from cpor_web.rules.exc import Invalid
from cpor_web.rules.fields import FIELDS, LABELS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.tables import NotImported, Problem
from cpor_web.transactions import transaction
from cpor_web.web import downloads
from cpor_web.web.current import actor, now, programme
from cpor_web.web.errors import sentence
from cpor_web.web.languages import named

MOST_TOLD = 100
"""How many problems a page tells: whoever has more mends those first."""


class TableForm(FlaskForm):
    """The table."""

    table = FileField(
        _l("Table"),
        description=_l("CSV in UTF-8, as the template. Nothing is filed before you have seen what would be."),
        render_kw={"accept": ".csv,text/csv"},
    )


@bp.get("/claims/import")
@allowed(CLAIMANTS)
def import_claims() -> ResponseReturnValue:
    """Ask for a table, and say what its columns take."""
    return _page()


@bp.get("/claims/import/template.csv")
@allowed(CLAIMANTS)
def import_template() -> Response:
    """Give a table that has the columns and no rows."""
    return downloads.table("claims-template.csv", [_(field.label) for field in FIELDS], [])


@bp.post("/claims/import")
@allowed(CLAIMANTS)
def look_at_table() -> ResponseReturnValue:
    """Say what the table would do at each row, and do nothing."""
    upload = TableForm().table.data
    content: bytes = upload.read(tables.LARGEST + 1) if upload else b""
    if not content:
        return _wrong(_("Choose a table that has something in it."))
    try:
        uploads.count()
        lines = importing.looked_at(db.session(), content, _columns(), **_how())
    except (Invalid, NotImported) as refused:
        return _told(refused)
    kept = base64.urlsafe_b64encode(content).decode()
    new = sum(line.is_new for line in lines)
    return render_template("partners/import_look.html", lines=lines, new=new, content=kept, labels=LABELS)


@bp.post("/claims/import/drafts")
@allowed(CLAIMANTS)
def make_drafts() -> ResponseReturnValue:
    """Make the drafts of a table that was looked at: all of them or none, and of what is there already none again."""
    try:
        content = base64.urlsafe_b64decode(request.form.get("content", ""))
    except (binascii.Error, ValueError):
        return _wrong(_("Choose the table once more."))
    try:
        with transaction(db.session):
            made = importing.make(db.session(), content, _columns(), **_how())
    except (Invalid, NotImported) as refused:
        return _told(refused)
    if made:
        flash(ngettext("%(num)s draft was imported.", "%(num)s drafts were imported.", len(made)), "success")
    else:
        flash(_("Every row of this table was imported before. Nothing was changed."), "info")
    drafts, newest = Status.EDITING.value, Sort.NEWEST.value
    return redirect(url_for("partners.dashboard", status=drafts, sort=newest))


def _columns() -> dict[str, str]:
    """Return the field by a column's name, as English, programs or this reader's language have it."""
    return importing.COLUMNS | {_(label).casefold(): name for name, label in LABELS.items()}


def _how() -> dict[str, Any]:
    return {"standard": blank(), "actor": actor(), "now": now(), "programme": programme()}


def _told(refused: Invalid | NotImported) -> ResponseReturnValue:
    """Say at the field that it holds no table, or below it what is wrong in the table."""
    if isinstance(refused, Invalid):
        return _wrong(sentence(refused))
    return _wrong(_("Nothing was imported: see below what is wrong."), refused.problems)


def _wrong(words: str, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    form = TableForm(formdata=None)
    form.table.errors = [words]
    return _page(form, problems), HTTPStatus.UNPROCESSABLE_ENTITY


def _page(form: TableForm | None = None, problems: Sequence[Problem] = ()) -> str:
    return render_template(
        "partners/import.html",
        form=form or TableForm(formdata=None),
        problems=problems[:MOST_TOLD],
        more=max(0, len(problems) - MOST_TOLD),
        columns=[(field, _taken(field.name)) for field in FIELDS],
        column_names=LABELS.values(),
        most_rows=tables.MOST_ROWS,
        largest=tables.LARGEST // 1024,
    )


def _taken(name: str) -> str:
    """Return what a column takes, where it is not what its name says."""
    catalogue = programme().catalogue
    match name:
        case "tenant_id" | "subscription_id":
            needing = [area.name for area in catalogue.areas.values() if area.needs_subscription]
            is_needed = needing and name == "subscription_id"
            return _("Needed for %(areas)s. A GUID.", areas=named(needing)) if is_needed else _("A GUID")
        case "area":
            return ", ".join(area.name for area in catalogue.areas.values())
        case "activity":
            return ", ".join(catalogue.activity_names.values())
        case "products":
            return _("Names, parted by commas: %(names)s", names=", ".join(catalogue.product_names.values()))
        case "proof_date":
            words = _("A day as %(day)s or %(dotted)s. If the spreadsheet changes it, format the column as text.")
            return words % {"day": "2026-04-30", "dotted": "30.4.2026"}
        case "contact_language" | "second_language":
            return ", ".join(LANGUAGES.values())
        case "mpn_id" | "partner_contact_name" | "partner_contact_email" if getattr(blank(), name):
            return _("Yours, where it is empty")
        case _:
            return ""
