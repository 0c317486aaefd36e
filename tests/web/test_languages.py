"""Numbers are written as the reader's language writes them."""

import pytest
from flask import Flask, render_template_string

from cpor_web.web.languages import percent, speak
from cpor_web.web.present import spoken

SIZES = [
    (999, "999 B", "999 B"),
    (17_613, "17.2 KiB", "17,2 KiB"),
    (1_048_576, "1.0 MiB", "1,0 MiB"),
    (1_073_741_824, "1,024.0 MiB", "1.024,0 MiB"),
]


@pytest.mark.parametrize(("number", "english", "german"), SIZES)
def test_the_size_of_a_document_has_the_decimal_sign_of_the_language(
    app: Flask, number: int, english: str, german: str
) -> None:
    for language, words in (("en", english), ("de", german)):
        with app.test_request_context():
            speak(language)
            assert render_template_string("{{ number|size }}", number=number) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "28.6%"), ("de", "28,6\xa0%"), ("sv", "28,6\xa0%"), ("nl", "28,6%"), ("hu", "28,6%")],
)
def test_percents_are_written_as_the_language_does(app: Flask, language: str, words: str) -> None:
    with app.test_request_context():
        speak(language)
        assert percent(2 / 7) == words
        assert percent(0.25) == words.replace("28,6", "25").replace("28.6", "25")


def test_who_speaks_another_language_from_now_on_is_heard_in_it(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "sv"}):
        assert (spoken(), render_template_string("{{ 1000|grouped }}")) == ("sv", "1\xa0000")
        speak("de")
        assert (spoken(), render_template_string("{{ 1000|grouped }}")) == ("de", "1.000")
    with app.test_request_context():
        assert spoken() == "en"
