"""Names on one line, of characters that can be seen."""

import pytest

from cpor_web.rules.characters import NOT_VISIBLE, has_hidden, name_in, one_line, visible
from cpor_web.rules.exc import Invalid

HIDDEN = ["\x07", "\u200b", "\u202e", "\u2066", "\u2028", "\u2029", "\ue000", "\ud800", "\U000e0080"]


@pytest.mark.parametrize("character", HIDDEN)
def test_what_shows_nothing_is_found_wherever_it_stands_and_can_be_left_out(character: str) -> None:
    assert has_hidden(f"{character}Anna")
    assert has_hidden(f"Anna{character}")
    assert visible(f"An{character}na {character}Zoë") == "Anna Zoë"
    with pytest.raises(Invalid) as refused:
        name_in(f"An{character}na" if character.strip() else f"Anna\x07{character}A", if_empty="Type a name.")
    assert (refused.value.message, refused.value.field_name) == (NOT_VISIBLE, "name")


@pytest.mark.parametrize("text", ["Anna Ångström", "王 小明", "O’Neill – 3", "é", ""])
def test_letters_digits_signs_and_blanks_are_left_alone(text: str) -> None:
    assert not has_hidden(text)
    assert visible(text) == text


def test_a_line_has_single_blanks_and_no_nul() -> None:
    assert one_line("  Anna \t\r\n\u00a0Berg\x00son ") == "Anna Bergson"


def test_a_name_is_taken_on_one_line() -> None:
    assert name_in(" Anna\nBerg ", if_empty="Type a name.") == "Anna Berg"


@pytest.mark.parametrize("typed", ["", "  ", "\x00", "\n"])
def test_an_empty_name_is_refused_in_the_callers_words(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        name_in(typed, if_empty="Type a name.")
    assert (refused.value.message, refused.value.field_name) == ("Type a name.", "name")
