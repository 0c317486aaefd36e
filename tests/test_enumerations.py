"""Names in a sentence are joined as people of that language do it."""

import pytest

from cpor_web.enumerations import enumerated

NAMES = ["Intune", "Teams", "OneDrive"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Intune, Teams, and OneDrive"),
        ("de", "Intune, Teams und OneDrive"),
        ("sv", "Intune, Teams och OneDrive"),
        ("nl", "Intune, Teams en OneDrive"),
        ("hu", "Intune, Teams és OneDrive"),
    ],
)
def test_the_last_of_several_names_has_the_languages_own_word_before_it(language: str, said: str) -> None:
    assert enumerated(NAMES, language) == said


@pytest.mark.parametrize(("number", "said"), [(0, ""), (1, "Intune"), (2, "Intune and Teams")])
def test_few_names_have_no_comma(number: int, said: str) -> None:
    assert enumerated(NAMES[:number], "en") == said


def test_a_name_is_written_as_it_is() -> None:
    assert enumerated(["{0}", "%s {1}"], "en") == "{0} and %s {1}"
