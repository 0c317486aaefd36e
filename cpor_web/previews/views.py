"""What staff see of the customer's pages and of the mails: the very templates, with invented facts."""

from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.customers.blueprint import page_of
from cpor_web.customers.shown import Page, words_of
from cpor_web.emails import words as mail_words
from cpor_web.emails.names import NAMES
from cpor_web.emails.rendering import Words
from cpor_web.previews.standings import STATES, Stage
from cpor_web.previews.variants import VARIANTS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import REVIEWERS
from cpor_web.samples.mails import LINKS, SPECIMENS, kind_of
from cpor_web.web.current import now, programme
from cpor_web.web.languages import chosen_language, speak, understood_language

HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""A mail has its styles within it; it runs nothing, loads nothing, and its links lead nowhere."""

bp = Blueprint("previews", __name__, url_prefix="/review/preview")


def _one_of(names: dict[str, Any]) -> str:
    return "any(" + ",".join(f'"{name}"' for name in names) + ")"


@bp.get("")
@allowed(REVIEWERS)
def overview() -> ResponseReturnValue:
    """List what can be looked at."""
    mails = {name: NAMES[kind_of(name)] for name in SPECIMENS}
    return render_template("previews/overview.html", states=STATES, mails=mails, variants=VARIANTS)


@bp.get(f"/<{_one_of(STATES)}:state>")
@allowed(REVIEWERS)
def customers_page(state: str) -> ResponseReturnValue:
    """Show a customer's page as they see it where their link stands so."""
    speak(language := _language())
    shown = STATES[state]

    def address(_endpoint: str, lang: str | None) -> str:
        return url_for("previews.customers_page", state=state, lang=lang)

    standing = shown.invent(Stage(now(), programme()))
    page, words = Page.of(standing, now=now(), catalogue=programme().catalogue), words_of(standing, "", language)
    return page_of(shown.template, page, words, address, preview=shown.label, signed_in=None, navigation=[])


@bp.get(f"/mails/<{_one_of(SPECIMENS)}:name>")
@allowed(REVIEWERS)
def mail(name: str) -> ResponseReturnValue:
    """Show a mail's subject and text."""
    return render_template(
        "previews/mail.html",
        name=name,
        title=NAMES[kind_of(name)],
        variant=VARIANTS.get(name),
        words=_words(name),
        language=_language(),
        languages=LANGUAGES,
    )


@bp.get(f"/mails/<{_one_of(SPECIMENS)}:name>/html")
@allowed(REVIEWERS)
def mail_as_html(name: str) -> Response:
    """Show a mail as a program that reads HTML does."""
    return Response(_words(name).html, mimetype="text/html", headers={"Content-Security-Policy": HARMLESS})


def _words(name: str) -> Words:
    context, links = SPECIMENS[name]
    house = {"operator": programme().operator, "programme": programme().name}
    renderer = mail_words.renderer(programme().calendar.zone.key)
    return renderer.render(kind_of(name), context | house, language=_language(), links=LINKS | links)


def _language() -> str:
    return chosen_language() or understood_language()
