"""The catalogue is readable, and a file that is not right is refused with the entry that is wrong."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpor_web.catalogue import SAMPLE, CatalogueError, load
from cpor_web.rules.languages import LANGUAGES

GOOD = """
[programmes.OSU]
name = "Online Services Usage"
[areas.one]
name = "One"
[areas.one.activities.usage]
name = "Usage"
programme = "OSU"
earns = true
[areas.one.products]
alpha = "Alpha"
[areas.two]
name = "Two"
needs_subscription = true
[areas.two.activities.usage]
name = "Usage"
programme = "OSU"
earns = false
[areas.two.products]
alpha = "Alpha"
beta = "Beta"
"""


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "catalogue.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_the_sample_has_the_guides_areas_activities_and_programmes() -> None:
    catalogue = load()
    assert {key: list(area.activities) for key, area in catalogue.areas.items()} == {
        "business-applications": ["pre-sales", "usage", "revenue-association"],
        "microsoft-365": ["usage"],
    }
    assert list(catalogue.programmes) == ["OSU", "OSA"]
    business = catalogue.areas["business-applications"]
    assert [key for key, activity in business.activities.items() if not activity.earns] == ["revenue-association"]
    assert (business.needs_subscription, catalogue.areas["microsoft-365"].needs_subscription) == (True, False)


def test_the_sample_says_that_it_is_one() -> None:
    assert SAMPLE.read_text().startswith("# SAMPLE")


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    catalogue = load(written(tmp_path, GOOD))
    assert list(catalogue.areas) == ["one", "two"]
    assert list(catalogue.areas["two"].products) == ["alpha", "beta"]
    assert catalogue.areas["two"].needs_subscription
    assert not catalogue.areas["one"].needs_subscription


def test_names_are_found_by_key_and_a_key_that_left_is_shown_as_it_is(tmp_path: Path) -> None:
    catalogue = load(written(tmp_path, GOOD))
    assert [catalogue.area_name(key) for key in ("one", "gone", None)] == ["One", "gone", ""]
    assert [catalogue.activity_name(key) for key in ("usage", "gone", None)] == ["Usage", "gone", ""]
    assert [catalogue.product_name(key) for key in ("beta", "gone")] == ["Beta", "gone"]


def test_an_activity_is_told_to_customers_in_words_of_its_own_in_every_language() -> None:
    for area in load().areas.values():
        for activity in area.activities.values():
            assert set(activity.for_customers) == set(LANGUAGES)
    catalogue = load()
    assert catalogue.for_customers("microsoft-365", "usage")["de"].startswith("Der Partner hat")
    assert [
        catalogue.for_customers(*keys) for keys in ((None, None), ("gone", "usage"), ("microsoft-365", "gone"))
    ] == [
        {},
        {},
        {},
    ]


def test_a_file_without_words_for_customers_is_read(tmp_path: Path) -> None:
    assert load(written(tmp_path, GOOD)).for_customers("one", "usage") == {}


TOLD = "earns = true\n[areas.one.activities.usage.for_customers]\n"
HOSTILE = {
    "words for customers without English": (
        GOOD.replace("earns = true", f'{TOLD}de = "Er half."', 1),
        "for_customers.en",
    ),
    "words for customers in no language of ours": (
        GOOD.replace("earns = true", f'{TOLD}en = "It helped."\nxx = "?"', 1),
        "for_customers.xx",
    ),
    "words for customers that are no table": (
        GOOD.replace("earns = true", 'earns = true\nfor_customers = "It helped."', 1),
        "for_customers",
    ),
    "no TOML": ("not = = toml", "catalogue.toml"),
    "nothing": ("", "programmes"),
    "not UTF-8": (b'name = "\xff"', "catalogue.toml"),
    "no areas": ('[programmes.OSU]\nname = "x"', "areas"),
    "an area that is a text": ('[programmes.OSU]\nname = "x"\n[areas]\none = "One"', "one"),
    "areas as a list": ('areas = [1]\n[programmes.OSU]\nname = "x"', "areas"),
    "programmes as a number": ("programmes = 1\n[areas]", "programmes"),
    "an area without a name": (GOOD.replace('name = "One"\n', ""), "areas.one"),
    "an activity without a name": (GOOD.replace('name = "Usage"\n', "", 1), "areas.one.activities.usage"),
    "an activity of no programme": (GOOD.replace('programme = "OSU"', 'programme = "XXX"', 1), "XXX"),
    "an activity that does not say whether it earns": (GOOD.replace("earns = true\n", ""), "earns"),
    "an activity that earns perhaps": (GOOD.replace("earns = true", 'earns = "false"'), "earns"),
    "a need for a subscription in words": (
        GOOD.replace("needs_subscription = true", 'needs_subscription = "no"'),
        "needs_subscription",
    ),
    "a name that is a number": (GOOD.replace('name = "One"', "name = 1"), "areas.one"),
    "a product that is a number": (GOOD.replace('beta = "Beta"', "beta = 7"), "beta"),
    "a name that is empty": (GOOD.replace('name = "One"', 'name = " "'), "areas.one"),
    "no products": (GOOD.replace('[areas.one.products]\nalpha = "Alpha"', "[areas.one.products]"), "areas.one"),
    "an activity of two names": (GOOD.replace('name = "Usage"', 'name = "Use"', 1), "usage"),
    "a product of two names": (GOOD.replace('alpha = "Alpha"', 'alpha = "A"', 1), "alpha"),
    "a setting that is misspelt": (GOOD.replace("needs_subscription", "needs_subscribtion"), "needs_subscribtion"),
    "a key twice": (GOOD + '\n[areas.one]\nname = "Again"', "catalogue.toml"),
}


@pytest.mark.parametrize(("text", "said"), HOSTILE.values(), ids=list(HOSTILE))
def test_what_is_wrong_is_refused_and_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        load(written(tmp_path, text))
    assert "catalogue.toml" in str(refused.value)
    assert said in str(refused.value)


def test_a_folder_or_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.toml"):
        with pytest.raises(CatalogueError):
            load(path)


LINES = GOOD.strip().splitlines()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dropped=st.sets(st.integers(0, len(LINES) - 1), max_size=4),
    value=st.sampled_from(['"text"', "1", "1.5", "true", "[]", "{}", "2026-01-01", "nan", '["x"]']),
    replaced=st.integers(0, len(LINES) - 1),
)
def test_a_damaged_file_is_read_or_refused_and_never_another_error(
    tmp_path: Path, dropped: set[int], value: str, replaced: int
) -> None:
    lines = list(LINES)
    if "=" in lines[replaced]:
        lines[replaced] = f"{lines[replaced].split('=')[0]}= {value}"
    text = "\n".join(line for number, line in enumerate(lines) if number not in dropped)
    try:
        catalogue = load(written(tmp_path, text))
    except CatalogueError:
        return
    for area in catalogue.areas.values():
        names = [area.name, *(a.name for a in area.activities.values()), *(p.name for p in area.products.values())]
        assert all(isinstance(name, str) and name for name in names)
        assert all(isinstance(activity.earns, bool) for activity in area.activities.values())
