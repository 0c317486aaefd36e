"""Drawing a mail once for many: what comes into its holes stands there as if it had been drawn for it alone."""

import textwrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpor_web.emails import rendering
from cpor_web.emails.holes import Hole, Holes, LookedAt, form, leaves
from cpor_web.emails.rendering import Renderer, Words
from cpor_web.emails.wrapping import WIDTH, wrapped
from tests.emails.specimens import LINKS, SPECIMENS, kind_of

renderer = Renderer("Europe/Berlin")

TYPED = (
    "Ada & Söhne <GmbH> \"A\" 'B'",
    "non\xa0breaking",
    "&amp;",
    "x" * 200,
    "%s {{ 7 }} \\1",
    "a b " * 60,
    "-",
    "> q",
)


def render(by: Renderer, name: str, language: str, **changes: Any) -> Words:
    context, links = SPECIMENS[name]
    known = {key: value for key, value in changes.items() if key in context}
    return by.render(kind_of(name), {**context, **known}, language=language, links={**LINKS, **links})


def drawn_alone(monkeypatch: pytest.MonkeyPatch, *args: Any, **changes: Any) -> Words:
    with monkeypatch.context() as patch:
        patch.setattr(Holes, "among", lambda _holes, value, _looked_at: value)
        return render(Renderer("Europe/Berlin"), *args, **changes)


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_mail_with_its_holes_filled_is_the_mail_drawn_for_it_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    render(renderer, name, "de")
    typed = {key: TYPED[number % len(TYPED)] for number, key in enumerate(("partner", "claim_name", "comment"))}

    assert render(renderer, name, "de", **typed) == drawn_alone(monkeypatch, name, "de", **typed)


@pytest.mark.parametrize("typed", TYPED)
def test_what_people_typed_stands_in_a_hole_as_in_a_mail_of_its_own(
    typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed_by = {"partner": typed, "customer": typed, "contact": typed, "products": [typed, typed]}

    assert render(renderer, "consent-notice", "sv", **typed_by) == drawn_alone(
        monkeypatch, "consent-notice", "sv", **typed_by
    )


def test_mails_that_differ_in_their_texts_alone_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings: list[str] = []
    draw = Renderer._draw

    def counted(self: Renderer, kind: str, *args: Any) -> Any:
        drawings.append(kind)
        return draw(self, kind, *args)

    monkeypatch.setattr(Renderer, "_draw", counted)
    fresh = Renderer("Europe/Berlin")
    for customer in ("Adatum", "Contoso", "Woodgrove Bank"):
        assert customer in render(fresh, "consent-notice", "de", customer=customer).text

    assert drawings == ["consent-notice"]


def test_a_text_that_decides_what_is_said_is_no_hole() -> None:
    fresh = Renderer("Europe/Berlin")
    eligible, other = (render(fresh, "assessment-result", "en", state=each) for each in ("eligible", "not-eligible"))

    assert eligible.subject != other.subject


def test_no_mail_decides_by_what_a_person_typed() -> None:
    fresh = Renderer("Europe/Berlin")
    for name in SPECIMENS:
        for language in ("en", "de"):
            render(fresh, name, language)

    decide = {path.rpartition(".")[2] for looked_at in fresh._looked_at.values() for path in looked_at}
    of_our_own_lists = {"state", "why", "reason", "way", "failed_kind", "detail", "what", "role"}
    assert decide == of_our_own_lists


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_is_kept_than_may_be(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "MOST_DRAWN", most)
    fresh = Renderer("Europe/Berlin")
    for name in list(SPECIMENS)[:4]:
        assert render(fresh, name, "en") == render(renderer, name, "en")

    assert len(fresh._drawn) <= most


@pytest.mark.parametrize(
    "look",
    [
        lambda hole: hole == "x",
        lambda hole: hole in ("x", "y"),
        lambda hole: "x" in hole,
        len,
        list,
        hash,
        lambda hole: hole[0],
        lambda hole: hole < "x",
        lambda hole: hole + "x",
        lambda hole: hole.written(str.upper).written(str.lower),
    ],
)
def test_a_hole_says_so_when_it_is_looked_at(look: Any) -> None:
    with pytest.raises(LookedAt):
        look(Hole(Holes(), ".partner", None))


def test_what_is_empty_or_no_text_belongs_to_the_form() -> None:
    def form_of(**facts: Any) -> object:
        return form(dict(leaves(facts)), frozenset({".state"}))

    assert form_of(a="x", b=["y"]) == form_of(a="z", b=["é"])
    different: list[dict[str, Any]] = [
        {"a": ""}, {"a": "x"}, {"a": 1}, {"a": True}, {"a": 1.0}, {"a": None}, {"a": []}, {"a": {}}, {"a": ["x"]},
        {"a": ["x", "x"]}, {"a": {"0": "x"}}, {"b": "x"}, {"state": "x"}, {"state": "y"}, {},
    ]  # fmt: skip
    assert len({form_of(**each) for each in different}) == len(different)


@settings(max_examples=150)
@given(st.text("ab -\xa0", min_size=1, max_size=200).filter(lambda text: not text.startswith(("> ", "- "))))
def test_lines_are_broken_as_textwrap_breaks_them(line: str) -> None:
    at_once = len(line) <= WIDTH and line.isprintable() and not line.endswith(" ")

    assert wrapped(line) == (line if at_once else textwrap.fill(line, WIDTH, break_on_hyphens=False))
