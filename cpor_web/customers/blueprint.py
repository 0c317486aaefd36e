"""The blueprint of the customer's pages, and how a link in an address is found.

The token is the authority here: no session is read, no cookie set, no CSRF token asked for.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from cpor_web.consent import answers, queries
from cpor_web.consent.queries import Standing
from cpor_web.current import now, programme_as_set_up, signers
from cpor_web.emails.links import Purpose
from cpor_web.extensions import csrf, db, limiter
from cpor_web.headers import CUSTOMER_PAGES
from cpor_web.models import AnswerKind, Invitation, RoundState
from cpor_web.rules.languages import LANGUAGES

BAD_LINKS = "30 per minute"
"""How many links that are none of ours one address may try, of all purposes. Links of ours are never counted."""

BODY_LIMIT = 64 * 1024  # a reason and 2,000 characters, each of them twelve bytes on the wire at worst

bp = Blueprint(CUSTOMER_PAGES, __name__)
csrf.exempt(bp)


def invitation_or_404(purpose: Purpose, token: str) -> Invitation:
    """Return what a link stands for. Whatever is wrong with it, the answer is the same 404.

    The signature comes first: it costs neither the limiter's store nor the database anything, so those who have
    a link are answered whoever else floods us.
    """
    link_id = signers().read(purpose, token)
    if link_id is None:
        with limiter.shared_limit(BAD_LINKS, scope="bad links"):
            abort(404)
    return answers.find(db.session(), link_id) or abort(404)


def show(template: str, token: str, invitation: Invitation, status: int = 200, **more: Any) -> ResponseReturnValue:
    """Render a page on an invitation as it stands now, in the contact's language unless the reader chose another."""
    g.language = chosen_language() or invitation.contact.language

    def address(endpoint: str, lang: str | None) -> str:
        return url_for(endpoint, token=token, lang=lang)

    return page_of(template, queries.standing(db.session(), invitation, now=now()), address, **more), status


def page_of(template: str, standing: Standing, address: Callable[[str, str | None], str], **more: Any) -> str:
    """Render a page on how an invitation stands, in `g.language`.

    `address` gives the address of one of our endpoints for the same link, in a language or in the contact's own.
    """
    return render_template(
        template,
        address=address,
        standing=standing,
        claim=standing.claim,
        partner=_isolated(standing.claim.partner.name),
        customer=_isolated(standing.claim.customer_name or ""),
        round=standing.round,
        products=", ".join(map(programme_as_set_up().catalogue.product_name, standing.claim.product_keys)),
        said=said(standing),
        languages=LANGUAGES,
        language=g.language,
        lang=chosen_language(),
        now=now(),
        RoundState=RoundState,
        **more,
    )


def _isolated(name: str) -> Markup:
    """Return what others typed so that its direction of writing ends with it, and turns none of our words around."""
    return Markup("<bdi>{}</bdi>").format(name)


def said(standing: Standing) -> dict[str, Any]:
    """Return what this contact said, the newest answer of each kind, by the kind's name with underscores."""
    newest = {answer.kind: answer for answer in standing.mine}
    return {kind.name.lower(): newest.get(kind) for kind in AnswerKind}


def chosen_language() -> str | None:
    """Return the language that the reader chose by the page's links, None for the contact's own."""
    lang = request.args.get("lang")
    return lang if lang in LANGUAGES else None


@bp.before_request
def _prepare() -> None:
    request.max_content_length = BODY_LIMIT
    # Before anything asks for the language: by default that would look at who is signed in, and so at the session.
    g.language = chosen_language() or request.accept_languages.best_match(list(LANGUAGES)) or "en"


@bp.context_processor
def _without_session() -> dict[str, Any]:
    """Show no messages: they are in the session of whoever is signed in on that machine."""
    return {"get_flashed_messages": lambda **_options: []}
