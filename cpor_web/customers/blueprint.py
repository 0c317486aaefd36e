"""The blueprint of the customer's pages, and how a link in an address is found.

The token is the authority here: no session is read, no cookie set, no CSRF token asked for.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, abort, current_app, g, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from cpor_web.consent import answers
from cpor_web.consent.standing import standing_of
from cpor_web.customers.forms import unsent
from cpor_web.customers.shown import Page, Words, words_of
from cpor_web.emails.links import Purpose
from cpor_web.extensions import csrf, db, limiter
from cpor_web.models import Invitation
from cpor_web.rules.languages import LANGUAGES
from cpor_web.web.current import alone, now, programme_as_set_up, signers
from cpor_web.web.headers import CUSTOMER_PAGES
from cpor_web.web.holes import Pages
from cpor_web.web.languages import chosen_language, speak

BAD_LINKS = "30 per minute"
"""How many links that are none of ours one address may try, of all purposes. Links of ours are never counted."""

BODY_LIMIT = 64 * 1024  # a reason and 2,000 characters, each of them twelve bytes on the wire at worst

DRAWN = "customers' pages"

bp = Blueprint(CUSTOMER_PAGES, __name__)
csrf.exempt(bp)


@bp.record
def _keep_pages(state: BlueprintSetupState) -> None:
    state.app.extensions[DRAWN] = Pages()


def link_or_404(purpose: Purpose, token: str) -> bytes:
    """Return the id that a link of ours stands for. Whatever is wrong with a link, the answer is the same 404.

    The signature comes first: it costs neither the limiter's store nor the database anything, so those who have
    a link are answered whoever else floods us.
    """
    link_id = signers().read(purpose, token)
    if link_id is None:
        with limiter.shared_limit(BAD_LINKS, scope="bad links"):
            abort(404)
    g.link_id = link_id
    return link_id


def invitation_or_404(link_id: bytes) -> Invitation:
    """Return what a link stands for, to be acted on; where there is nothing, the answer is that to a bad link."""
    return answers.find(db.session(), link_id) or abort(404)


def show(template: str, token: str, link_id: bytes, status: int = 200, **more: Any) -> ResponseReturnValue:
    """Render a page on a link as it stands now, in the contact's language unless the reader chose another.

    What is the same for all customers is drawn once; where there is `more` to say, the page is drawn for this answer.
    """
    at = now()
    standing = standing_of(alone().ask, link_id, now=at) or abort(404)
    chosen = chosen_language()
    language = chosen or standing.language
    page = Page.of(standing, now=at, catalogue=programme_as_set_up().catalogue)
    words = words_of(standing, token, language)

    def draw(words: Words) -> str:
        speak(language)

        def address(endpoint: str, lang: str | None) -> str:
            return url_for(endpoint, token=str(words["token"]), lang=lang)

        return page_of(template, page, words, address, **more)

    if more or current_app.jinja_env.auto_reload:
        return draw(words), status
    key = (template, page, language, chosen, request.script_root)
    return cast(Pages, current_app.extensions[DRAWN]).filled(key, words, draw), status


def page_of(template: str, page: Page, words: Words, address: Callable[[str, str | None], str], **more: Any) -> str:
    """Render a page in `g.language`, its forms as nobody has sent them unless `more` has them.

    `address` gives the address of one of our endpoints for the same link, in a language or in the contact's own.
    """
    context = {"languages": LANGUAGES, "language": g.language, "lang": chosen_language(), **unsent(template), **more}
    return render_template(template, address=address, page=page, **words, **context)


@bp.before_request
def _prepare() -> None:
    request.max_content_length = BODY_LIMIT
