"""Whatever colour an operator chooses, what is written in it or on it can be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpor_web.colours import BLACK, DAY, NIGHT, WHITE, Colour, stylesheet
from tests.support.installation import ROOT

STATIC = ROOT / "cpor_web" / "static"
COLOURS = st.builds(Colour, *[st.integers(0, 255)] * 3)


def tokens(css: str) -> tuple[dict[str, Colour], dict[str, Colour]]:
    """Return the colours of the day and of the night, by their tokens."""
    day, night = css.split("@media")
    pairs = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
    both = [{name: Colour.from_hex(text) for name, text in pairs.findall(part)} for part in (day, night)]
    return both[0], both[1]


@given(COLOURS)
def test_every_colour_gives_readable_words_by_day_and_by_night(chosen: Colour) -> None:
    for shades, ground in zip(tokens(stylesheet(str(chosen))), (DAY, NIGHT), strict=True):
        assert shades["link"].contrast(ground) >= 4.5
        assert shades["link-hover"].contrast(ground) >= 4.5
        assert shades["on-accent"].contrast(shades["accent"]) >= 4.5
        assert shades["on-accent"].contrast(shades["accent-hover"]) >= 4.5
        assert shades["mark"].contrast(ground) >= 3
        assert shades["checked"].contrast(WHITE) >= 3  # the tick
        assert shades["checked"].contrast(ground) >= 3


@pytest.mark.parametrize(("chosen", "words"), [("#0b57c2", WHITE), ("#ffd800", BLACK), ("#767676", BLACK)])
def test_a_buttons_words_flip_where_white_could_not_be_read(chosen: str, words: Colour) -> None:
    day, _night = tokens(stylesheet(chosen))
    assert day["accent"] == Colour.from_hex(chosen)
    assert day["on-accent"] == words


def test_contrast_is_what_wcag_says() -> None:
    assert BLACK.contrast(WHITE) == pytest.approx(21)
    assert Colour.from_hex("#777777").contrast(WHITE) == pytest.approx(4.48, abs=0.01)


def test_the_grounds_are_those_of_our_tokens() -> None:
    day, night = (STATIC / "tokens.css").read_text().split("prefers-color-scheme: dark")
    assert f"--ground: {DAY};" in day
    assert f"--paper: {NIGHT};" in night
