"""Fills in the forms of a decision from the check of the proof: reasons chosen, products ticked, words written."""

from collections.abc import Mapping

from flask_babel import gettext as _

from cpor_web.catalogue import Catalogue
from cpor_web.claims import preflight
from cpor_web.claims.preflight import Key
from cpor_web.models import ProofCell
from cpor_web.reviewers.forms import AskForm, RejectForm
from cpor_web.rules.reasons import Request


def fill_in(cells: Mapping[Key, ProofCell], catalogue: Catalogue, ask: AskForm, reject: RejectForm) -> None:
    """Fill in the forms from what the grid says is missing; where nothing is, they stay as they are."""
    told = composed(cells, catalogue)
    for reason, found in preflight.by_reason(cells):
        ask.missing[reason.name.lower()].data = told[reason]
        ask.products[reason.name.lower()].data = [cell.product for cell in found]
    if told:
        ask.reasons.data = [reason.value for reason in told]
        fitting = preflight.rejection_for(cells)
        reject.reason.data = fitting.value if fitting else ""
        reject.comment.data = "\n\n".join(f"{_(reason.label)}\n{words}" for reason, words in told.items())


def composed(cells: Mapping[Key, ProofCell], catalogue: Catalogue) -> dict[Request, str]:
    """Return what the partner reads of each reason of which something is missing, a line for each product."""
    return {
        reason: "\n".join(f"{catalogue.product_name(cell.product)}: {_words_of(cell)}" for cell in found)
        for reason, found in preflight.by_reason(cells)
    }


def _words_of(cell: ProofCell) -> str:
    if cell.is_unfinished:
        return cell.missing
    return str(
        _(
            "%(missing)s Where: %(place)s. How to mend it: %(mend)s",
            missing=cell.missing if cell.missing.endswith((".", "!", "?")) else f"{cell.missing}.",
            place=cell.place.rstrip("."),
            mend=cell.mend,
        )
    )
