"""The database refuses what the code forgot: every check constraint, and what must be unique."""

import pytest
from psycopg.errors import CheckViolation, UniqueViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cpor_web.programme import Programme
from tests.support import claims, factories

ANSWER = "INSERT INTO answers (invitation_id, kind, at, way, reason) SELECT id, {}, now(), {}, {} FROM invitations"
CHECKPOINT = "INSERT INTO checkpoints (number, at, previous, heads, signature) VALUES ({}, now(), {}, '[]', '{{}}')"
EVENT = (
    "INSERT INTO events (claim_id, position, version, kind, at, role, actor, data, salt, said, link)"
    " SELECT id, 99, 1, 'x', now(), {role}, {actor}, {data}, {salt}, {said}, {link} FROM claims"
)
ASSESSMENT = (
    "INSERT INTO assessments (claim_id, round_id, state, queued_at) SELECT claim_id, id, {}, now() FROM rounds"
)
HANDOVER = (
    "INSERT INTO handovers (key, assessment_id, sequence, kind, body, state, queued_at, due_at, leased_until,"
    " delivered_at)"
    " SELECT 'k', a.id, 1, {kind}, '{{}}', {state}, now(), {due}, {leased}, {delivered} FROM assessments a"
)
HOLDING = "INSERT INTO holdings (began_at, notices, failed, released_at, released_by_id, reason) SELECT now(), {}"
IDENTITY = "INSERT INTO identities (user_id, issuer, subject, tied_at) SELECT id, {}, {}, now() FROM users"
FAILED_SIGN_INS = (
    "INSERT INTO failed_sign_ins (user_id, times, first_at, last_at) SELECT id, {}, now(), now() FROM users LIMIT 1"
)
SIGN_IN = (
    "INSERT INTO sign_ins (key, user_id, began_at, seen_at, ended_at, why_ended)"
    " SELECT {}, id, now(), now(), {} FROM users LIMIT 1"
)
OPENING = (
    "INSERT INTO openings (invitation_id, at, page, method, client) SELECT id, now(), 'd', 'GET', {} FROM invitations"
)
PASSKEY = (
    "INSERT INTO passkeys (user_id, name, credential_id, public_key, sign_count, added_at)"
    " SELECT id, {}, convert_to(email, 'UTF8'), 'x', {}, now() FROM users"
)
RECEIVED = (
    "INSERT INTO received_mails (received_at, digest, kind, mail_id, raw, erased_at)"
    " SELECT now(), {digest}, {kind}, {mail}, {raw}, {erased} FROM mails LIMIT 1"
)

REPLACEMENT = (
    "INSERT INTO replacements (claim_id, replaced_id, user_id, at, rationale)"
    " SELECT id, {}, filed_by_id, now(), 'x' FROM claims WHERE status = 'approved'"
)

WEEKLY_FIGURE = (
    "INSERT INTO weekly_figures (week, partner_id, area, measure, value, number)"
    " SELECT {}, id, 'x', {}, '', {} FROM partners LIMIT 1"
)

PROOF_CELL = (
    "INSERT INTO proof_cells (claim_id, reason, product, page, verdict, missing)"
    " SELECT id, {reason}, 'teams', {page}, {verdict}, {missing} FROM claims LIMIT 1"
)


def _proof_cell(**fields: str) -> str:
    """Return the statement that adds a cell of the check of the proof: a right one but for `fields`."""
    right = {"reason": "'missing-products'", "page": "''", "verdict": "NULL", "missing": "''"}
    return PROOF_CELL.format(**(right | fields))


def _event(**fields: str) -> str:
    """Return the statement that appends an event: a right one but for `fields`."""
    right = {"role": "'system'", "actor": "'erased'", "data": "'{}'"}
    digests = {"salt": "substr(sha256('x'), 1, 16)", "said": "sha256('x')", "link": "sha256('x')"}
    return EVENT.format(**(right | digests | fields))


def _received(**fields: str) -> str:
    """Return the statement that keeps a received mail: a right one but for `fields`."""
    right = {"digest": r"sha256('x')", "kind": "'reply'", "mail": "id", "raw": "'x'", "erased": "NULL"}
    return RECEIVED.format(**(right | fields))


def _handover(**fields: str) -> str:
    """Return the statements that make an assessment and a hand-over of it: a right one but for `fields`."""
    right = {"kind": "'assess'", "state": "'queued'", "due": "now()", "leased": "NULL", "delivered": "NULL"}
    return ASSESSMENT.format("'queued'") + "; " + HANDOVER.format(**(right | fields))


CHECKS = {
    "answers_denied_with_a_reason": [
        ANSWER.format("'denied'", "'page'", "NULL"),
        ANSWER.format("'undone'", "'page'", "'other'"),
    ],
    "answers_kind_is_known": [ANSWER.format("'shrugged'", "'page'", "NULL")],
    "answers_reason_is_known": [ANSWER.format("'denied'", "'page'", "'whim'")],
    "answers_way_is_known": [ANSWER.format("'undone'", "'pigeon'", "NULL")],
    "assessments_state_is_known": [ASSESSMENT.format("'paid'")],
    "claims_complete_once_submitted": [
        *(
            f"UPDATE claims SET {column} = NULL WHERE status = 'approved'"
            for column in (
                "first_submitted_at",
                "mpn_id_id",
                "customer_name",
                "customer_domain",
                "tenant_id",
                "area",
                "activity",
                "partner_contact_name",
                "partner_contact_email",
            )
        ),
    ],
    "claims_dispute_only_when_rejected": [
        "UPDATE claims SET dispute_until = now(), dispute_rule = '{}' WHERE status = 'approved'"
    ],
    "claims_every_deadline_has_its_rule": [
        "UPDATE claims SET due_at = NULL WHERE status = 'under-review'",
        "UPDATE claims SET due_rule = NULL WHERE status = 'under-review'",
    ],
    "claims_no_due_when_final": [
        f"UPDATE claims SET due_at = now(), due_rule = '{{}}' WHERE status = '{status}'"
        for status in ("editing", "approved", "rejected")
    ],
    "claims_only_drafts_are_deleted": [
        "UPDATE claims SET deleted_at = now() WHERE status = 'approved'",
        "UPDATE claims SET deleted_at = now(), first_submitted_at = now() WHERE status = 'editing'",
    ],
    "claims_rejected_with_a_reason": ["UPDATE claims SET rejection = NULL WHERE status = 'rejected'"],
    "claims_rejection_detail_is_known": ["UPDATE claims SET rejection_detail = 'boredom'"],
    "claims_rejection_is_known": ["UPDATE claims SET rejection = 'whim'"],
    "claims_status_is_one_of_six": ["UPDATE claims SET status = 'archived' WHERE status = 'approved'"],
    "customer_contacts_first_or_second": ["UPDATE customer_contacts SET position = 3"],
    "documents_scan_is_known": ["UPDATE documents SET scan = 'whim', scanned_at = now()"],
    "documents_scanned_with_a_moment": [
        "UPDATE documents SET scan = 'clean'",
        "UPDATE documents SET scanned_at = now()",
    ],
    "downloads_role_is_known": [
        "INSERT INTO downloads (claim_id, document_id, sha256, at, user_id, role)"
        " SELECT id, 1, 'x', now(), filed_by_id, 'king' FROM claims"
    ],
    "documents_not_empty": ["UPDATE documents SET size = 0"],
    "replacements_replaces_another": [REPLACEMENT.format("id")],
    "documents_not_replaced_by_itself": ["UPDATE documents SET replaced_by_id = id"],
    "checkpoints_counted_from_one": [CHECKPOINT.format("0", "sha256('x')")],
    "checkpoints_previous_is_whole": [CHECKPOINT.format("1", "'x'")],
    "erasures_some_were_erased": ["INSERT INTO erasures (at, what, count) VALUES (now(), 'x', 0)"],
    "events_digests_are_whole": [_event(**{name: "'x'"}) for name in ("salt", "said", "link")],
    "events_nothing_left_once_erased": [
        _event(salt="NULL", actor="'X'"),
        _event(salt="NULL", data="'[]'"),
        _event(salt="NULL").replace("(claim_id", "(user_id, claim_id").replace("SELECT", "SELECT filed_by_id,"),
    ],
    "events_role_is_known": [_event(role="'king'")],
    "history_heads_link_is_whole": ["UPDATE history_heads SET link = 'x'"],
    "handovers_delivered_with_a_moment": [
        _handover(state="'delivered'", due="NULL"),
        _handover(delivered="now()"),
    ],
    "handovers_due_while_it_is_to_be_sent": [
        _handover(due="NULL"),
        _handover(state="'given-up'"),
    ],
    "handovers_kind_is_known": [_handover(kind="'shout'")],
    "handovers_leased_only_while_due": [_handover(state="'given-up'", due="NULL", leased="now()")],
    "handovers_leased_while_sending": [_handover(state="'sending'")],
    "handovers_state_is_known": [_handover(state="'lost'", due="NULL")],
    "holdings_released_by_somebody_with_a_reason": [
        HOLDING.format("10, 5, now(), NULL, 'why'"),
        HOLDING.format("10, 5, NULL, NULL, 'why'"),
        HOLDING.format("10, 5, now(), id, '' FROM users LIMIT 1"),
    ],
    "holdings_for_a_cause": [HOLDING.format("10, 0, NULL, NULL, ''")],
    "holdings_failed_of_all": [HOLDING.format("10, 11, NULL, NULL, ''")],
    "identities_is_of_somebody": [IDENTITY.format("''", "email"), IDENTITY.format("'https://id'", "''")],
    "invitations_link_id_of_16_bytes": ["UPDATE invitations SET link_id = 'short'"],
    "mails_bounced_with_a_moment": [
        "UPDATE mails SET bounced_at = now() WHERE state = 'sent'",
        "UPDATE mails SET state = 'bounced' WHERE state = 'sent'",
    ],
    "mails_due_while_it_is_to_be_sent": [
        "UPDATE mails SET due_at = NULL WHERE state = 'queued'",
        "UPDATE mails SET state = 'refused' WHERE state = 'queued'",
    ],
    "mails_dealt_with_by_somebody": ["UPDATE mails SET dealt_with_at = now()"],
    "mails_leased_only_while_due": ["UPDATE mails SET leased_until = now() WHERE state = 'sent'"],
    "mails_leased_while_sending": ["UPDATE mails SET state = 'sending', leased_until = NULL WHERE state = 'queued'"],
    "mails_sent_with_a_moment": ["UPDATE mails SET sent_at = NULL WHERE state = 'sent'"],
    "mails_state_is_known": ["UPDATE mails SET state = 'lost' WHERE state = 'sent'"],
    "mpn_ids_kind_is_global_or_location": ["UPDATE mpn_ids SET kind = 'lunar'"],
    "openings_client_is_known": [OPENING.format("'ghost'")],
    "received_mails_bounces_are_about_a_mail": [_received(kind="'hard-bounce'", mail="NULL")],
    "received_mails_digest_of_32_bytes": [_received(digest="'short'")],
    "received_mails_kind_is_known": [_received(kind="'postcard'")],
    "received_mails_raw_until_erased": [_received(raw="NULL"), _received(erased="now()")],
    "rounds_closed_when_no_longer_open": [
        "UPDATE rounds SET closed_at = now() WHERE state = 'running'",
        "UPDATE rounds SET state = 'denied' WHERE state = 'running'",
    ],
    "rounds_runs_towards_an_end": [
        "UPDATE rounds SET ends_at = NULL WHERE state = 'running'",
        "UPDATE rounds SET closes_at = NULL WHERE state = 'running'",
    ],
    "rounds_state_is_known": ["UPDATE rounds SET state = 'paused', closed_at = now()"],
    "passkeys_has_a_name": [PASSKEY.format("''", 0)],
    "passkeys_sign_count_from_nought": [PASSKEY.format("'Phone'", -1)],
    "users_codes_only_with_a_second_factor": [
        "UPDATE users SET totp_number = 1",
        "UPDATE users SET recovery_codes = '{x}'",
    ],
    "failed_sign_ins_at_least_one": [FAILED_SIGN_INS.format("0")],
    "saved_filters_has_a_name": [
        "INSERT INTO saved_filters (user_id, name, wanted) SELECT id, '', '{}' FROM users LIMIT 1"
    ],
    "sign_ins_key_is_a_digest": [SIGN_IN.format("'short'", "NULL, NULL")],
    "sign_ins_ended_for_a_reason": [
        SIGN_IN.format("sha256('x')", "now(), NULL"),
        SIGN_IN.format("sha256('x')", "NULL, 'role'"),
    ],
    "sign_ins_end_is_known": [SIGN_IN.format("sha256('x')", "now(), 'boredom'")],
    "users_nobody_signs_in_as_customer_or_system": [
        "UPDATE users SET role = 'customer', partner_id = NULL",
        "UPDATE users SET role = 'system', partner_id = NULL",
    ],
    "users_partner_roles_belong_to_a_partner": [
        "UPDATE users SET partner_id = NULL WHERE role = 'incentives-admin'",
        "UPDATE users SET role = 'reviewer' WHERE partner_id IS NOT NULL",
    ],
    "proof_cells_pages_are_of_a_document": [_proof_cell(page="'3'")],
    "proof_cells_reason_is_known": [_proof_cell(reason="'whim'")],
    "proof_cells_verdict_is_known": [_proof_cell(verdict="'perhaps'")],
    "proof_cells_words_only_of_what_is_missing": [
        _proof_cell(missing="'x'"),
        _proof_cell(missing="'x'", verdict="'found'"),
    ],
    "weekly_figures_measure_is_known": [WEEKLY_FIGURE.format("'2026-11-16'", "'mood'", "1")],
    "weekly_figures_nothing_is_no_row": [WEEKLY_FIGURE.format("'2026-11-16'", "'denied'", "0")],
    "weekly_figures_weeks_begin_on_monday": [WEEKLY_FIGURE.format("'2026-11-17'", "'denied'", "1")],
    "users_role_is_known": ["UPDATE users SET role = 'king', partner_id = NULL"],
}
"""By constraint: statements that break this one and no other."""

UNIQUE = {
    "assessments_unique_claim_id": [ASSESSMENT.format("'queued'") + "; " + ASSESSMENT.format("'eligible'")],
    "claims_imported_once": ["UPDATE claims SET imported_as = 'same', partner_id = (SELECT min(id) FROM partners)"],
    "claims_unique_reference": ["UPDATE claims SET reference = 'SAME'"],
    "customer_contacts_one_a_position": [
        "INSERT INTO customer_contacts (claim_id, position, name, email)"
        " SELECT claim_id, position, name, email FROM customer_contacts"
    ],
    "failed_sign_ins_one_row_a_user": ["; ".join([FAILED_SIGN_INS.format("1")] * 2)],
    "sign_ins_unique_key": ["; ".join([SIGN_IN.format("sha256('x')", "NULL, NULL")] * 2)],
    "holdings_one_in_force": [
        HOLDING.format("10, 5, NULL, NULL, ''") + "; " + HOLDING.format("9, 5, NULL, NULL, ''")
    ],
    "identities_unique_issuer_subject": [
        IDENTITY.format("'https://id'", "'same'") + "; " + IDENTITY.format("'https://id'", "'same'")
    ],
    "identities_unique_user_id_issuer": [
        IDENTITY.format("'https://id'", "email") + "; " + IDENTITY.format("'https://id'", "name")
    ],
    "partners_one_name": ["INSERT INTO partners (name) SELECT upper(name) FROM partners"],
    "received_mails_unique_digest": [_received() + "; " + _received(mail="NULL")],
    "rounds_numbered_within_a_claim": [
        "INSERT INTO rounds (claim_id, number, state, opened_at, closed_at)"
        " SELECT claim_id, number, 'ended', now(), now() FROM rounds"
    ],
    "passkeys_one_name_a_user": [
        PASSKEY.format("'Phone'", 0) + "; " + PASSKEY.replace("email", "name").format("'Phone'", 0)
    ],
    "passkeys_unique_credential_id": [
        PASSKEY.format("'Phone'", 0) + "; " + PASSKEY.format("'Key'", 0),
    ],
    "replacements_one_waits_a_pair": ["; ".join([REPLACEMENT.format("(SELECT min(id) FROM claims)")] * 2)],
    "rounds_one_open_a_claim": [
        "INSERT INTO rounds (claim_id, number, state, opened_at) SELECT claim_id, 2, 'waiting', now() FROM rounds"
    ],
    "saved_filters_one_name": [
        "INSERT INTO saved_filters (user_id, name, wanted)"
        " SELECT users.id, names.name, '{}' FROM users CROSS JOIN (VALUES ('Mine'), ('MINE')) AS names (name)"
    ],
    "users_unique_passkey_handle": ["UPDATE users SET passkey_handle = 'x'"],
    "users_one_email": [
        "INSERT INTO users (email, name, role, partner_id, fs_uniquifier)"
        " SELECT upper(email), name, role, partner_id, 'another' || id FROM users"
    ],
}


@pytest.fixture
def scene(db_session: Session, programme: Programme) -> Session:
    """A session with something in every status, and a mail that was sent."""
    filer = factories.user(db_session)
    for make in (claims.editing, claims.under_review, claims.running, claims.rejected):
        make(db_session, programme, filer=filer)
    db_session.flush()
    return db_session


@pytest.mark.parametrize(("name", "sql"), [(name, sql) for name, several in CHECKS.items() for sql in several])
def test_a_check_refuses_what_breaks_it(scene: Session, name: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, scene.begin_nested():
        scene.execute(text(sql))
    assert isinstance(refused.value.orig, CheckViolation)
    assert refused.value.orig.diag.constraint_name == name


@pytest.mark.parametrize(("name", "sql"), [(name, sql) for name, several in UNIQUE.items() for sql in several])
def test_what_is_unique_is_not_doubled(scene: Session, name: str, sql: str) -> None:
    with pytest.raises(IntegrityError) as refused, scene.begin_nested():
        scene.execute(text(sql))
    assert isinstance(refused.value.orig, UniqueViolation)
    assert refused.value.orig.diag.constraint_name == name


def test_every_check_of_the_database_is_tried(db_session: Session) -> None:
    checks = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    assert set(db_session.scalars(text(checks))) == set(CHECKS)
