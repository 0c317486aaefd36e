"""What can be claimed: solution areas, activities, programmes and products, read from one file."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).with_name("catalogue.toml")


class CatalogueError(ValueError):
    """The catalogue file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Activity:
    """Something a partner does for a customer; `earns` tells whether it can earn incentives at all."""

    key: str
    name: str
    programme: str
    earns: bool


@dataclass(frozen=True)
class Product:
    """A product or workload that can be claimed."""

    key: str
    name: str


@dataclass(frozen=True)
class Area:
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

    @cached_property
    def activity_names(self) -> dict[str, str]:
        """Names of activities by key, over all areas: the same key has the same name everywhere."""
        return {a.key: a.name for area in self.areas.values() for a in area.activities.values()}

    @cached_property
    def product_names(self) -> dict[str, str]:
        """Names of products by key, over all areas."""
        return {p.key: p.name for area in self.areas.values() for p in area.products.values()}

    def area_name(self, key: str | None) -> str:
        """Return the area's name; a key that left the catalogue is shown as it is."""
        return self.areas[key].name if key in self.areas else key or ""

    def activity_name(self, key: str | None) -> str:
        """Return the activity's name; a key that left the catalogue is shown as it is."""
        return self.activity_names.get(key or "", key or "")

    def product_name(self, key: str) -> str:
        """Return the product's name; a key that left the catalogue is shown as it is."""
        return self.product_names.get(key, key)


def load(path: Path = SAMPLE) -> Catalogue:
    """Read a catalogue file. Raises CatalogueError naming the entry that is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: {error}") from error
    try:
        programmes = {key: str(entry["name"]) for key, entry in data["programmes"].items()}
        areas = {key: _area(key, entry, programmes) for key, entry in data["areas"].items()}
        catalogue = Catalogue(areas, programmes)
        _check_names(catalogue)
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: an entry lacks {error}") from error
    return catalogue


def _area(key: str, entry: dict[str, Any], programmes: dict[str, str]) -> Area:
    activities = {k: Activity(k, a["name"], a["programme"], bool(a["earns"])) for k, a in entry["activities"].items()}
    for activity in activities.values():
        if activity.programme not in programmes:
            raise CatalogueError(f"areas.{key}.activities.{activity.key}: no programme {activity.programme}")
    products = {k: Product(k, name) for k, name in entry["products"].items()}
    if not activities or not products:
        raise CatalogueError(f"areas.{key}: needs at least one activity and one product")
    return Area(key, entry["name"], bool(entry.get("needs_subscription", False)), activities, products)


def _check_names(catalogue: Catalogue) -> None:
    for area in catalogue.areas.values():
        for activity in area.activities.values():
            if catalogue.activity_names[activity.key] != activity.name:
                raise CatalogueError(f"activity {activity.key} has two names")
        for product in area.products.values():
            if catalogue.product_names[product.key] != product.name:
                raise CatalogueError(f"product {product.key} has two names")
