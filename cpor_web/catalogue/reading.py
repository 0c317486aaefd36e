"""Reads the tables of a catalogue file, and says of what is wrong where it is."""

from dataclasses import dataclass
from typing import Any


class CatalogueError(ValueError):
    """The catalogue file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Entry:
    """A table of the file. `where` is its dotted name, and empty for the whole file."""

    where: str
    data: dict[str, Any]

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self.data.get(name)
        if not isinstance(value, str) or not value.strip():
            raise CatalogueError(f"{self.place(name)} must be a text")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return true or false, not in quotation marks; one without a default must be there."""
        value = self.data.get(name, default)
        if not isinstance(value, bool):
            raise CatalogueError(f"{self.place(name)} must be true or false, without quotation marks")
        return value

    def table(self, name: str) -> "Entry":
        """Return a table that is not empty."""
        value = self.data.get(name)
        if not isinstance(value, dict) or not value:
            raise CatalogueError(f"{self.place(name)} must be a table with at least one entry")
        return Entry(self.place(name), value)

    def tables(self, name: str) -> dict[str, "Entry"]:
        """Return the tables in a table, by key."""
        outer = self.table(name)
        return {key: outer.table(key) for key in outer.data}

    def texts(self, name: str) -> dict[str, str]:
        """Return the texts in a table, by key."""
        outer = self.table(name)
        return {key: outer.text(key) for key in outer.data}

    def only(self, *names: str) -> None:
        """Refuse what has another name: it is a slip, and would be passed over."""
        for name in self.data.keys() - set(names):
            raise CatalogueError(f"{self.place(name)} is not known here: {', '.join(names)}")

    def place(self, name: str) -> str:
        """Return the dotted name of something in this table."""
        return f"{self.where}.{name}" if self.where else name
