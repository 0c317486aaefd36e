"""The base of every table: names of constraints, column types, moments."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Enum, Identity, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from cpor_web.rules.words import N_

NAMES = {
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
    "uq": "%(table_name)s_unique_%(column_0_N_name)s",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_exists",
    "pk": "%(table_name)s_key",
}

Id = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]

ERASED = N_("erased")
"""Stands for who somebody was, and for what they wrote, where that was erased."""


class Base(DeclarativeBase):
    """What all tables share: text without length limits, and moments that know their zone."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's interface


def one_of(kind: type[StrEnum], name: str) -> Enum:
    """Return a text column type that the database holds to the values of `kind`; `name` names the constraint."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=60,
        values_callable=lambda members: [member.value for member in members],
    )
