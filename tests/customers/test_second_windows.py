"""What is pressed in a second window, once something is recorded already, is told as what it is."""

import pytest
from bs4 import BeautifulSoup

from cpor_web.emails.links import Purpose
from tests.customers.conftest import NO_OBJECTION, PRESS_YES, RESTORE, WRONG_PERSON, Asked, Deny
from tests.support.browser import Browser


@pytest.mark.parametrize("sent", [NO_OBJECTION, WRONG_PERSON, PRESS_YES])
def test_what_is_pressed_in_a_second_window_after_a_denial_is_not_taken_for_it(
    asked: Asked, asked_again: Asked, deny: Deny, customer: Browser, sent: dict[str, str]
) -> None:
    asked = asked_again if sent is PRESS_YES else asked
    deny(asked)
    before = asked.rows()

    answer = customer.post(asked.path(), data=sent)

    assert "What you pressed now was not recorded." in answer.text
    assert asked.rows() == before


@pytest.mark.parametrize("sent", [{}, {"answer": "no-objection"}, {"answer": "not-the-right-person"}])
def test_who_is_asked_no_more_is_told_what_is_recorded_and_not_what_they_left_out(
    asked: Asked, deny: Deny, customer: Browser, sent: dict[str, str]
) -> None:
    deny(asked)
    before = asked.rows()

    answer = customer.post(asked.path(), data=sent)

    page = BeautifulSoup(answer.text, "html.parser")
    assert page.find(class_="error-summary") is None
    assert "The association was denied already, on " in page.find(role="alert").get_text()
    assert asked.rows() == before


def test_who_restores_in_a_second_window_is_told_that_it_is_restored_already(
    asked: Asked, deny: Deny, customer: Browser
) -> None:
    deny(asked)
    customer.post(asked.path(Purpose.UNDO), data=RESTORE)
    before = asked.rows()

    answer = customer.post(asked.path(Purpose.UNDO), data=RESTORE)

    assert "The association was restored already. What you pressed now changed nothing more." in answer.text
    assert "There is no denial" not in answer.text
    assert asked.rows() == before
