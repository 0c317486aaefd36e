"""What people typed makes no link in a mail, and what is no link stays as it was typed."""

import re
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpor_web.emails import inert as module
from cpor_web.emails.inert import inert

LINKS = [
    ("contoso.example.com", "contoso[.]example[.]com"),
    ("https://contoso.example", "https[:]//contoso[.]example"),
    ("carla@contoso.example", "carla[@]contoso[.]example"),
    ("cafe\u0301.example", "cafe\u0301[.]example"),
    ("हिन्दी.com", "हिन्दी[.]com"),
    ("हिन्दी@contoso.example", "हिन्दी[@]contoso[.]example"),
    ("x@💩.la", "x[@]💩[.]la"),
    ("❤\ufe0f.example", "❤\ufe0f[.]example"),
    ("contoso。example", "contoso[。]example"),
    ("163.com", "163[.]com"),
    ("see 10.20.30.40", "see 10[.]20.30.40"),
    ("con\u200btoso.\u202eexample", "contoso[.]example"),
]


@pytest.mark.parametrize(("typed", "harmless"), LINKS)
def test_what_looks_like_a_link_is_none_any_more(typed: str, harmless: str) -> None:
    assert inert(typed) == harmless


PLAIN = [
    "Dr. Meier",
    "Contoso Ltd.",
    "A. B. Meier, e.g. this",
    "1.5 or 12.75 or 24.12.2026",
    "v1.2 and v10.25",
    "at 12:30:15",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "Wait ...what",
    "“Contoso”. Next",
    "2 @ 5",
]


@pytest.mark.parametrize("typed", PLAIN)
def test_what_is_no_link_stays_as_it_is(typed: str) -> None:
    assert inert(typed) == typed


@given(typed=st.text("a1 @＠﹫.。．｡﹒:/-", max_size=12))
def test_a_quick_look_overlooks_no_link(typed: str) -> None:
    with patch.object(module, "_JOINT", re.compile("")):
        looked_at_closely = inert(typed)

    assert inert(typed) == looked_at_closely
