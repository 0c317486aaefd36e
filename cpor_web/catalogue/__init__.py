"""What can be claimed: solution areas, activities, programmes and products, read from one file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from cpor_web.catalogue.reading import CatalogueError, Entry
from cpor_web.rules.languages import LANGUAGES

__all__ = ["SAMPLE", "Activity", "Area", "Catalogue", "CatalogueError", "Product", "load"]

SAMPLE = Path(__file__).with_name("catalogue.toml")


class Activity(NamedTuple):
    """Something a partner does for a customer; `earns` tells whether it can earn incentives at all.

    `for_customers` is what customers read of it, by language; empty where the file does not say.
    """

    key: str
    name: str
    programme: str
    earns: bool
    for_customers: Mapping[str, str]


class Product(NamedTuple):
    """A product or workload that can be claimed."""

    key: str
    name: str


class Area(NamedTuple):
    """A solution area with the activities and products that belong to it."""

    key: str
    name: str
    needs_subscription: bool
    activities: dict[str, Activity]
    products: dict[str, Product]


@dataclass(frozen=True)
class Catalogue:
    """Everything that can be claimed, in the file's order."""

    areas: dict[str, Area]
    programmes: dict[str, str]

    @property
    def activities(self) -> list[Activity]:
        """Every area's activities, in the file's order; the same key can be in several areas."""
        return [activity for area in self.areas.values() for activity in area.activities.values()]

    @cached_property
    def activity_names(self) -> dict[str, str]:
        """Names of activities by key, over all areas: the same key has the same name everywhere."""
        return {activity.key: activity.name for activity in self.activities}

    @cached_property
    def product_names(self) -> dict[str, str]:
        """Names of products by key, over all areas."""
        return {p.key: p.name for area in self.areas.values() for p in area.products.values()}

    def activity(self, area: str | None, key: str | None) -> Activity | None:
        """Return the activity of that area, or None where there is none."""
        return self.areas[area].activities.get(key or "") if area in self.areas else None

    def needs_subscription(self, area: str | None) -> bool:
        """Tell whether a claim of that area names a subscription."""
        return area in self.areas and self.areas[area].needs_subscription

    def area_name(self, key: str | None) -> str:
        """Return the area's name; a key that left the catalogue is shown as it is."""
        return self.areas[key].name if key in self.areas else key or ""

    def activity_name(self, key: str | None) -> str:
        """Return the activity's name; a key that left the catalogue is shown as it is."""
        return self.activity_names.get(key or "", key or "")

    def for_customers(self, area: str | None, activity: str | None) -> Mapping[str, str]:
        """Return what customers read of an activity, by language; nothing where the file does not say."""
        found = self.activity(area, activity)
        return found.for_customers if found else {}

    def product_name(self, key: str) -> str:
        """Return the product's name; a key that left the catalogue is shown as it is."""
        return self.product_names.get(key, key)


def load(path: Path = SAMPLE) -> Catalogue:
    """Read a catalogue file. Raises CatalogueError naming the entry that is wrong."""
    try:
        return _catalogue(Entry("", tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, CatalogueError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def _catalogue(whole: Entry) -> Catalogue:
    whole.only("programmes", "areas")
    programmes = {key: entry.text("name") for key, entry in whole.tables("programmes").items()}
    areas = {key: _area(key, entry, programmes) for key, entry in whole.tables("areas").items()}
    catalogue = Catalogue(areas, programmes)
    _check_names(catalogue)
    return catalogue


def _area(key: str, entry: Entry, programmes: dict[str, str]) -> Area:
    entry.only("name", "needs_subscription", "activities", "products")
    activities = {k: _activity(k, activity, programmes) for k, activity in entry.tables("activities").items()}
    products = {k: Product(k, name) for k, name in entry.texts("products").items()}
    needs_subscription = entry.flag("needs_subscription", default=False)
    return Area(key, entry.text("name"), needs_subscription, activities, products)


def _activity(key: str, entry: Entry, programmes: dict[str, str]) -> Activity:
    entry.only("name", "programme", "earns", "for_customers")
    programme = entry.text("programme")
    if programme not in programmes:
        raise CatalogueError(f"{entry.place('programme')}: there is no programme {programme}")
    return Activity(key, entry.text("name"), programme, entry.flag("earns"), _for_customers(entry))


def _for_customers(entry: Entry) -> dict[str, str]:
    if "for_customers" not in entry.data:
        return {}
    said = entry.table("for_customers")
    said.only(*LANGUAGES)
    said.text("en")  # what all read who have no other
    return entry.texts("for_customers")


def _check_names(catalogue: Catalogue) -> None:
    for area in catalogue.areas.values():
        for activity in area.activities.values():
            if catalogue.activity_names[activity.key] != activity.name:
                raise CatalogueError(f"activity {activity.key} has two names")
        for product in area.products.values():
            if catalogue.product_names[product.key] != product.name:
                raise CatalogueError(f"product {product.key} has two names")
