"""Languages and how moments are written: for people, exact, with the zone."""

from collections.abc import Callable, Container, Sequence
from datetime import date, datetime
from functools import cache, lru_cache

from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale, get_translations, gettext, refresh
from flask_login import current_user
from jinja2 import pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from cpor_web.enumerations import enumerated
from cpor_web.moments import briefly, exactly, short_day
from cpor_web.paths import TRANSLATIONS
from cpor_web.rules.eligibility import OURS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.web import present
from cpor_web.web.current import programme_as_set_up
from cpor_web.web.headers import is_customers_page
from cpor_web.web.present import spoken

KIBI = 1024


def init_app(app: Flask, babel: Babel) -> None:
    """Choose the language: by the page's own choice, by account, by browser."""
    babel.init_app(
        app,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=_language,
        timezone_selector=lambda: programme_as_set_up().calendar.zone.key,
    )
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["brief_moment"] = brief_moment
    app.jinja_env.filters["brief_day"] = brief_day
    app.jinja_env.filters["reason"] = reason
    app.jinja_env.filters["ours"] = ours
    app.jinja_env.filters["grouped"] = grouped
    app.jinja_env.filters["size"] = size
    app.jinja_env.globals.update(get_locale=get_locale, _=(said := _sayer()), gettext=said)


def _sayer() -> Callable[..., str]:
    """Return what says a sentence in a template; which catalogue has its words is asked once in a request.

    It is what Jinja's newstyle gettext does: what is filled in is escaped, also where nothing is. The sentence itself
    is not, so it is always one of ours. What may be somebody else's words goes through `ours`.
    """

    @cache
    def catalogue(_language: str) -> NullTranslations:
        return get_translations()

    @pass_eval_context
    def said(context: EvalContext, sentence: str, /, **filled_in: object) -> str:
        kept = present.kept()
        read: NullTranslations | None = kept.get("catalogue")
        if read is None:
            read = kept.catalogue = catalogue(spoken())
        words = read.ugettext(sentence)
        if context.autoescape:
            words = Markup(words)  # noqa: S704 - our own words
        return words % filled_in if filled_in or "%" in words else words

    return said


def _language() -> str:
    if not has_request_context():
        return "en"
    if "language" in g:
        return str(g.language)
    if is_customers_page():
        return chosen_language() or understood_language()
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    return understood_language()


def chosen_language() -> str | None:
    """Return the language that the reader of a customer's page chose by its links, None for the contact's own."""
    lang = request.args.get("lang")
    return lang if lang in LANGUAGES else None


def understood_language() -> str:
    """Return the one of our languages that the reader's browser asks for."""
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def speak(language: str) -> None:
    """Say all that follows in this request in that language, also what was chosen before and is shown later."""
    g.language = language
    for chosen_before in ("catalogue", "spoken"):
        g.pop(chosen_before, None)
    refresh()


def moment(at: datetime) -> str:
    """Write `at` in the operator's zone: "Friday, 27 November 2026, 23:59:59 CET"."""
    return exactly(at, spoken(), programme_as_set_up().calendar.zone.key)


def brief_moment(at: datetime) -> str:
    """Write `at` in the operator's zone, short: "27 Nov 2026, 23:59"."""
    return briefly(at, spoken(), programme_as_set_up().calendar.zone.key)


def brief_day(day: date) -> str:
    """Write a day, short: "27 Nov 2026"."""
    return short_day(day, spoken())


@pass_context
def grouped(_context: Context, number: int) -> str:
    """Write a number as the language groups it. It asks for the context, else Jinja would write constants once."""
    return _grouped(number, spoken())


@lru_cache(maxsize=1000)
def _grouped(number: int, language: str) -> str:
    return format_decimal(number, locale=language)


@pass_context
def size(_context: Context, number: int) -> str:
    """Write how large a document is, in the language's numbers: "17.2 KiB". It asks for the context as above."""
    if number < KIBI:
        return f"{format_decimal(number, locale=spoken())} B"
    kibis = number / KIBI
    unit, amount = ("KiB", kibis) if kibis < KIBI else ("MiB", kibis / KIBI)
    return f"{format_decimal(amount, format='#,##0.0', locale=spoken())} {unit}"


def named(names: Sequence[str]) -> str:
    """Write several names in a sentence: "Intune and Teams"."""
    return enumerated(names, spoken())


def percent(part: float) -> str:
    """Write a part of 1 in percent as the language does, with one decimal where it has one: "28.6%"."""
    return format_percent(round(part, 3), locale=spoken(), decimal_quantization=False)


def reason(text: str) -> str:
    """Return why an association is not eligible: our own words translated, another assessor's as they came."""
    return ours(text, OURS)


def ours(text: str, sentences: Container[str]) -> str:
    """Return what is one of these msgids in the reader's language, and somebody else's words as they came."""
    return gettext(text) if text in sentences else text
