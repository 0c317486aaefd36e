"""The figures in a real browser: pictures, tables, filters in the address; with scripts, and without."""

from datetime import timedelta

import pytest

from cpor_web.models import Measure, WeeklyFigure
from cpor_web.rules.roles import Role
from tests.browser.conftest import NewVisitor
from tests.support import factories
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_reviewer_sees_the_figures_of_one_partner_as_pictures_and_as_tables(
    installation: Installation, visitor: NewVisitor, *, scripts: bool
) -> None:
    with installation.session() as session:
        rosa, partner = factories.user(session, Role.REVIEWER), factories.partner(session)
        today = installation.programme.calendar.local_day(installation.now())
        figure = {"week": today - timedelta(days=today.weekday()), "partner_id": partner.id, "value": "3"}
        session.add(WeeklyFigure(**figure, area="microsoft-365", measure=Measure.DECIDED, number=8))
        rosa_email, name = rosa.email, partner.name

    desk = visitor(scripts=scripts).sign_in(rosa_email, PASSWORD).follow("Figures")
    desk.fill({"Partner": name}).press("Filter")
    assert f"partner={name.replace(' ', '+')}" in desk.page.url
    for table in desk.page.locator("main summary").all():
        table.click()
    desk.look()
    assert desk.page.locator("main summary").count() == 6
    assert desk.page.locator("svg[role=img]").count() == 1, "an empty picture was drawn"
    row = desk.page.locator("section", has=desk.page.locator("#time")).locator("tbody tr").last
    assert row.locator("td").all_inner_texts() == ["3", "3", "8"]
