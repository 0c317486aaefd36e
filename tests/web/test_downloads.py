"""Tables are text to a spreadsheet, in whatever way it cuts them into cells."""

import pytest

from cpor_web.web import downloads

READABLE = ["Contoso", "a-b", "sales@contoso.example.com", "Usage; then growth - 5 % + 2", "two\nlines", "a, -b", ""]


def cell_of(text: str) -> str:
    return downloads.table("t.csv", [text], []).get_data(as_text=True)


@pytest.mark.parametrize("text", READABLE)
def test_what_is_no_formula_is_left_as_it_is(text: str) -> None:
    assert "'" not in cell_of(text)


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
@pytest.mark.parametrize(
    "before", ["", " ", "\u00a0", "\u200b", "a;", "a; ", "a;\u00a0", "a\t", "a\n", "a\r\n ", 'a;"']
)
def test_a_quote_stands_where_a_cell_would_begin_with_a_formula(before: str, sign: str) -> None:
    at = max(map(before.rfind, ";\t\n")) + 1
    told = f"{before[:at]}'{before[at:]}{sign}1"
    assert told.replace('"', "") in cell_of(before + sign + "1").replace('"', "")


@pytest.mark.parametrize("text", ["\tx", "\rx", " \tx"])
def test_a_cell_does_not_begin_with_a_tab_or_a_line(text: str) -> None:
    assert f"'{text}" in cell_of(text)
