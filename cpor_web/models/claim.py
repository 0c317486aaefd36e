"""Association claims, their products and contacts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, and_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import ERASED, Base, Id, one_of
from cpor_web.models.partner import MpnId, Partner
from cpor_web.models.user import User
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.statuses import Status

WORDS = "claim_words(name, customer_name, customer_domain, reference, tenant_id, subscription_id)"
"""What a claim is found by, as its index has it: a function of the database makes the words."""

NEVER = "'9999-01-01 00:00:00+00'::timestamp with time zone"
"""Stands in an index for no moment, after all that are; `keyset.FAR` is the same."""

MOMENT = f"coalesce(due_at, dispute_until, {NEVER})"
"""By when a claim must be acted on, or may be disputed: no claim has both."""


class Claim(Base):
    """Partner P, under MPN ID M, did activity A for customer C with products p1…pn.

    A draft may lack any field but its name; `complete_once_submitted` holds the rest. `due_at` is the one running
    deadline of the operator or the partner, with the rule that made it; `held_since` and `days_used` are the
    operator's decision clock, which stands still while the partner has the claim. `version` counts the changes, so
    that a decision taken on an older page is told apart. A deleted draft keeps its row, emptied, for its history.
    `erased_at` is when the retention of its personal values had ended. `made_of` is the digest of the table's row
    or of the form that it was made of: neither makes a second one.
    """

    __tablename__ = "claims"

    id: Mapped[Id]
    reference: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"))

    name: Mapped[str]
    mpn_id_id: Mapped[int | None] = mapped_column(ForeignKey("mpn_ids.id"), index=True)
    customer_name: Mapped[str | None]
    customer_domain: Mapped[str | None] = mapped_column(index=True)
    tenant_id: Mapped[UUID | None] = mapped_column(index=True)
    subscription_id: Mapped[UUID | None] = mapped_column(index=True)
    area: Mapped[str | None]
    activity: Mapped[str | None]
    proof_date: Mapped[date | None]
    made_of: Mapped[bytes | None] = mapped_column("imported_as")
    partner_contact_name: Mapped[str | None]
    partner_contact_email: Mapped[str | None]

    status: Mapped[Status] = mapped_column(one_of(Status, "status_is_one_of_six"))
    status_since: Mapped[datetime]
    first_submitted_at: Mapped[datetime | None]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[datetime | None]
    due_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    held_since: Mapped[datetime | None]
    days_used: Mapped[int] = mapped_column(server_default="0")

    rejection: Mapped[Rejection | None] = mapped_column(one_of(Rejection, "rejection_is_known"))
    rejection_detail: Mapped[Withdrawal | None] = mapped_column(one_of(Withdrawal, "rejection_detail_is_known"))
    rejection_comment: Mapped[str] = mapped_column(server_default="")
    rejected_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    is_disputed: Mapped[bool] = mapped_column(server_default=text("false"))
    dispute_used: Mapped[bool] = mapped_column(server_default=text("false"))
    dispute_until: Mapped[datetime | None]
    dispute_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    erased_at: Mapped[datetime | None]

    partner: Mapped[Partner] = relationship()
    mpn_id: Mapped[MpnId | None] = relationship()
    filed_by: Mapped[User] = relationship(foreign_keys=[filed_by_id])
    reviewer: Mapped[User | None] = relationship(foreign_keys=[reviewer_id])
    products: Mapped[list["ClaimProduct"]] = relationship(
        back_populates="claim", order_by="ClaimProduct.key", cascade="all, delete-orphan"
    )
    all_contacts: Mapped[list["CustomerContact"]] = relationship(
        back_populates="claim", order_by="CustomerContact.id", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint(
            "status = 'editing' OR (first_submitted_at IS NOT NULL AND mpn_id_id IS NOT NULL"
            " AND customer_name IS NOT NULL AND customer_domain IS NOT NULL AND tenant_id IS NOT NULL"
            " AND area IS NOT NULL AND activity IS NOT NULL"
            " AND partner_contact_name IS NOT NULL AND partner_contact_email IS NOT NULL)",
            name="complete_once_submitted",
        ),
        CheckConstraint(
            "deleted_at IS NULL OR (status = 'editing' AND first_submitted_at IS NULL)",
            name="only_drafts_are_deleted",
        ),
        CheckConstraint("(status = 'rejected') <= (rejection IS NOT NULL)", name="rejected_with_a_reason"),
        CheckConstraint(
            "status NOT IN ('editing', 'approved', 'rejected') OR due_at IS NULL", name="no_due_when_final"
        ),
        CheckConstraint("(due_at IS NULL) = (due_rule IS NULL)", name="every_deadline_has_its_rule"),
        CheckConstraint("dispute_until IS NULL OR status = 'rejected'", name="dispute_only_when_rejected"),
        Index("claims_of_a_partner", "partner_id", "status", "id"),
        Index(
            "claims_for_the_operator",
            "due_at",
            "id",
            postgresql_where=text("status IN ('submitted', 'under-review')"),
        ),
        # In which order a partner's list begins with each of these statuses. What the moment is made of is there too:
        # where it is not, PostgreSQL looks at the claims to count them.
        Index(
            "claims_by_moment",
            "partner_id",
            "status",
            text(MOMENT),
            text("(0 - id)"),
            postgresql_include=["due_at", "dispute_until"],
            postgresql_where=text("status IN ('submitted', 'under-review', 'partner-action-required', 'rejected')"),
        ),
        Index("claims_by_status", "status", "id"),
        Index(
            "claims_in_hands",
            "reviewer_id",
            "due_at",
            "id",
            postgresql_where=text("status IN ('submitted', 'under-review')"),
        ),
        Index(
            "claims_disputed",
            "due_at",
            "id",
            postgresql_where=text("is_disputed AND status IN ('submitted', 'under-review')"),
        ),
        Index(  # so that they are counted without a look at the claims: which are deleted stands in no other
            "claims_drafted",
            "partner_id",
            "id",
            postgresql_where=text("status = 'editing' AND deleted_at IS NULL"),
        ),
        Index("claims_by_words", text(WORDS), postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index(
            "claims_imported_once",
            "partner_id",
            "imported_as",
            unique=True,
            postgresql_where=text("imported_as IS NOT NULL"),
        ),
        Index("claims_waiting", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
    )

    @property
    def present_reviewer(self) -> User | None:
        """The reviewer who has the claim, unless they have left: then nobody has it."""
        return self.reviewer if self.reviewer is not None and self.reviewer.active else None

    @property
    def product_keys(self) -> list[str]:
        """The catalogue's keys of the claimed products."""
        return sorted(product.key for product in self.products)

    @property
    def contacts(self) -> list["CustomerContact"]:
        """The customer contacts of now, the first one first; former ones have no position."""
        return sorted((c for c in self.all_contacts if c.position is not None), key=lambda c: c.position or 0)

    @property
    def proposed_contact(self) -> "CustomerContact | None":
        """The partner's proposal of another contact, which waits for a reviewer."""
        return next((each for each in self.all_contacts if each.is_proposed), None)

    @property
    def disputes_a_denial(self) -> bool:
        """Whether its dispute is over what the customer denied: only the customer's explicit yes restores that."""
        return self.is_disputed and self.rejection is Rejection.CUSTOMER_DECLINE

    @property
    def has_proposal(self) -> bool:
        return self.proposed_contact is not None

    def drop_proposal(self) -> None:
        """Forget the contact that the partner proposed, if any: nobody is to confirm it any more."""
        if (proposed := self.proposed_contact) is not None:
            self.all_contacts.remove(proposed)


class ClaimProduct(Base):
    """A claimed product or workload, by its key in the catalogue."""

    __tablename__ = "claim_products"

    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)

    claim: Mapped[Claim] = relationship(back_populates="products")


class CustomerContact(Base):
    """Somebody at the customer who is asked. `reason` is the partner's, where the address needs one.

    Once submitted, a contact is never overwritten: another address is another row, and the former one, which may
    have been asked, loses its position. The partner's proposal `replaces_id` another, and has none until confirmed.
    """

    __tablename__ = "customer_contacts"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id", ondelete="CASCADE"))
    position: Mapped[int | None]
    name: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    reason: Mapped[str] = mapped_column(server_default="")
    needs_confirmation: Mapped[bool] = mapped_column(server_default=text("false"))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("customer_contacts.id"))

    claim: Mapped[Claim] = relationship(back_populates="all_contacts")
    replaces: Mapped["CustomerContact | None"] = relationship(remote_side="CustomerContact.id", viewonly=True)

    __table_args__ = (
        UniqueConstraint("claim_id", "position", name="customer_contacts_one_a_position"),
        CheckConstraint("position IN (1, 2)", name="first_or_second"),
        Index("customer_contacts_by_email", text("lower(email)")),
    )

    @property
    def is_erased(self) -> bool:
        """Whether nobody knows any more who it was."""
        return self.email == ERASED

    @property
    def is_proposed(self) -> bool:
        """Whether the partner proposed them instead of another, and no reviewer has confirmed them yet."""
        return self.replaces_id is not None and self.position is None and self.confirmed_by_id is None


IS_PROPOSED = and_(
    CustomerContact.replaces_id.is_not(None),
    CustomerContact.position.is_(None),
    CustomerContact.confirmed_by_id.is_(None),
)
"""The same as a condition of the contact in the statement."""
