"""From a kind, its facts and a language to subject, text and HTML.

A mail's folder has `subject.txt`, `body.txt` and `body.html`, each only the words; what stands around them is in
`_base`: the section (heading, words, why you get this) once in each language, the layout over them all. Mails to
customers are written in the contact's language, with the English below.

What all mails of a form have in common is drawn once, with holes for their texts (docs/adr/0054).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import css_inline
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cpor_web.emails.holes import Hole, Holes, Line, LookedAt, Page, Text, Write, form, leaves
from cpor_web.emails.inert import inert
from cpor_web.emails.names import NAMES
from cpor_web.emails.wrapping import quoted
from cpor_web.enumerations import enumerated
from cpor_web.moments import exactly
from cpor_web.paths import TEMPLATES, TRANSLATIONS
from cpor_web.rules.eligibility import OURS
from cpor_web.rules.languages import LANGUAGES

SOURCE = "en"

BILINGUAL = frozenset(
    {
        "consent-notice",
        "confirmation-request",
        "yes-confirmation",
        "association-ended",
        "denial-recorded",
        "denial-undone",
    }
)
"""The mails to customers."""

HARMLESS = ("default", "e", "forceescape", "join", "length", "replace", "safe")
"""The filters of Jinja's that do to a hole's mark what they would do to what comes into the hole."""

MOST_DRAWN = 300
"""How many drawn mails are kept: those of every kind in every language, and many lists of several lengths."""


@dataclass(frozen=True)
class Words:
    """A mail's words, ready to be put into a message."""

    subject: str
    text: str
    html: str


class Renderer:
    """Renders every mail of an installation; templates and styles are read once."""

    def __init__(self, zone: str, templates: Path = TEMPLATES, translations: Path = TRANSLATIONS) -> None:
        self._zone = zone
        self._loader = FileSystemLoader(templates / "email")
        self._translations = translations
        self._environment = cache(self._make_environment)
        self._looked_at: dict[tuple[str, str], frozenset[str]] = {}
        self._drawn: dict[tuple[Any, ...], Drawn] = {}

    def render(self, kind: str, context: Mapping[str, Any], *, language: str, links: Mapping[str, str]) -> Words:
        """Return the words of a mail.

        Everything in `context` may come from people and is made inert: no text of theirs becomes a link or hides its
        direction. `links` are ours and stay links.
        """
        values = {**inert(dict(context)), **links}
        texts = dict(leaves(values))
        while True:
            looked_at = self._looked_at.get((kind, language), frozenset())
            known_by = (kind, language, form(texts, looked_at))
            drawn = self._drawn.get(known_by)
            if drawn is not None:
                return drawn.filled(texts)
            try:
                drawn = self._draw(kind, values, language, looked_at)
            except LookedAt as look:
                self._looked_at[kind, language] = looked_at | {look.path}
            else:
                if len(self._drawn) >= MOST_DRAWN:
                    self._drawn.clear()
                self._drawn[known_by] = drawn

    def _draw(self, kind: str, texts: Mapping[str, Any], language: str, looked_at: frozenset[str]) -> "Drawn":
        """Draw a mail with holes for its texts; raise LookedAt where one of them decides what is said."""
        languages = (language, SOURCE) if kind in BILINGUAL and language != SOURCE else (language,)
        holes = Holes()
        values = {**holes.among(texts, looked_at), "kind": kind}
        sections = [self._section(kind, values, each) for each in languages]
        layout = {**values, "sections": sections, "language": language, "subject": sections[0].subject}
        html = self._environment(language, True).get_template("_base/layout.html").render(layout)
        text = self._environment(language, False).get_template("_base/layout.txt").render(layout)
        return Drawn(holes, Line(sections[0].subject), Text(text), Page(self._inliner.inline(html)))

    def _section(self, kind: str, values: Mapping[str, Any], language: str) -> "Section":
        def rendered(name: str, **more: str) -> str:
            environment = self._environment(language, name.endswith(".html"))
            return environment.get_template(name).render(values, **more).strip()

        subject = " ".join(rendered(f"{kind}/subject.txt").split())
        text, html = (rendered(f"_base/section.{suffix}", subject=subject) for suffix in ("txt", "html"))
        return Section(language, subject, text, html)

    def _make_environment(self, language: str, is_html: bool) -> Environment:
        environment = Environment(
            loader=self._loader,
            autoescape=is_html,  # noqa: S701 - plain text has nothing to escape
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # else each part of each mail looks whether its file has changed
            extensions=["jinja2.ext.i18n"],
        )
        catalogue = (
            NullTranslations() if language == SOURCE else Translations.load(str(self._translations), [language])
        )
        environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
        # All filters there are: others would change a hole's mark, and not what comes into it.
        environment.filters = {
            **{name: environment.filters[name] for name in HARMLESS},
            "days": lambda count: _days(count, catalogue),
            "enumerated": lambda names: enumerated(names, language),
            "moment": _into_holes(lambda at: exactly(datetime.fromisoformat(at), language, self._zone)),
            "reason": _into_holes(lambda text: catalogue.gettext(text) if text in OURS else text),
            "quoted": _into_holes(quoted),
            "spoken": lambda texts: texts.get(language) or texts.get(SOURCE, ""),
        }
        environment.globals.update(mail_names=NAMES, language_name=LANGUAGES.get(language, language))
        return environment

    @cached_property
    def _inliner(self) -> css_inline.CSSInliner:
        return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


def _into_holes(write: Write) -> Callable[..., str | Hole]:
    """Make a filter of how a text is written, which a hole takes along."""

    def written(text: str | Hole) -> str | Hole:
        return text.written(write) if isinstance(text, Hole) else write(text)

    return written


def _days(count: float, catalogue: NullTranslations) -> str:
    """Write a number of days; a fraction is written like several."""
    number = int(count) if count == int(count) else 2
    return catalogue.ngettext("%(num)s day", "%(num)s days", number) % {"num": f"{count:g}"}


class Section(NamedTuple):
    """A mail's words in one language."""

    language: str
    subject: str
    text: str
    html: str


class Drawn(NamedTuple):
    """A mail's words with holes for what differs: all that is the same for many mails was done once."""

    holes: Holes
    subject: Line
    text: Text
    html: Page

    def filled(self, texts: Mapping[str, Any]) -> Words:
        """Return the words of the mail that has these texts."""
        words = self.holes.filled(texts)
        subject = " ".join(self.subject.filled(words).split())
        return Words(subject, _tidy(self.text.filled(words)), self.html.filled(words))


def _tidy(text: str) -> str:
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip() + "\n"
