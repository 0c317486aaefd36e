"""Who may do what, written out: each address and method of the application, with every kind of user that may.

A new address needs a line here. Everybody else gets what they would get if nothing were there.
"""

from tests.support.everybody import Kind

Kinds = frozenset[Kind]

OWN_GLOBAL = Kinds({Kind.OWN_GLOBAL})
OWN_CLAIMANTS = OWN_GLOBAL | {Kind.OWN_BILLING, Kind.OWN_INCENTIVES}
OWN = OWN_CLAIMANTS | {Kind.OWN_VIEWER}
OTHER_GLOBAL = Kinds({Kind.OTHER_GLOBAL})
OTHER_CLAIMANTS = OTHER_GLOBAL | {Kind.OTHER_BILLING, Kind.OTHER_INCENTIVES}
OTHER = OTHER_CLAIMANTS | {Kind.OTHER_VIEWER}
ANY_GLOBAL = OWN_GLOBAL | OTHER_GLOBAL
ANY_CLAIMANT = OWN_CLAIMANTS | OTHER_CLAIMANTS
PARTNERS = OWN | OTHER
ADMINISTRATOR = Kinds({Kind.ADMINISTRATOR})
REVIEWERS = ADMINISTRATOR | {Kind.REVIEWER}
SIGNED_IN = PARTNERS | REVIEWERS
EVERYBODY = Kinds(Kind)

MAY: dict[str, Kinds] = {
    # nobody needs to be signed in
    "GET /static/<filename>": EVERYBODY,
    "GET /bootstrap/static/<filename>": EVERYBODY,
    "GET /brand/colour.css": EVERYBODY,
    "GET /brand/logo": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /keys": EVERYBODY,
    "GET /consent-record": EVERYBODY,
    "POST /consent-record": EVERYBODY,
    "POST /assessments/results": EVERYBODY,  # the signature is the authority: tests/assessment/test_receiver.py
    "GET /login": EVERYBODY,
    "POST /login": EVERYBODY,
    "POST /logout": EVERYBODY,
    "GET /login/code": EVERYBODY,
    "POST /login/code": EVERYBODY,
    "GET /login/recovery-code": EVERYBODY,
    "POST /login/recovery-code": EVERYBODY,
    "GET /login/passkey": EVERYBODY,
    "POST /login/passkey": EVERYBODY,
    "GET /login/oidc": EVERYBODY,
    "GET /login/oidc/back": EVERYBODY,
    "GET /signed-out": EVERYBODY,
    "GET /reset": EVERYBODY,
    "POST /reset": EVERYBODY,
    "GET /reset/<token>": EVERYBODY,
    "POST /reset/<token>": EVERYBODY,
    # the link is the authority, of one claim and of nothing else: test_links.py
    "GET /d/<token>": EVERYBODY,
    "POST /d/<token>": EVERYBODY,
    "GET /o/<token>": EVERYBODY,
    "POST /o/<token>": EVERYBODY,
    "GET /u/<token>": EVERYBODY,
    "POST /u/<token>": EVERYBODY,
    "GET /y/<token>": EVERYBODY,
    "POST /y/<token>": EVERYBODY,
    "GET /calendar/<token>.ics": EVERYBODY,
    # one's own account
    "GET /": SIGNED_IN,
    "GET /account": SIGNED_IN,
    "POST /account": SIGNED_IN,
    "POST /account/calendar": SIGNED_IN,
    "GET /account/confirm": SIGNED_IN,
    "POST /account/confirm": SIGNED_IN,
    "POST /account/confirm/passkey": SIGNED_IN,
    "GET /account/password": SIGNED_IN,
    "POST /account/password": SIGNED_IN,
    "GET /account/passkeys": SIGNED_IN,
    "POST /account/passkeys": SIGNED_IN,
    "POST /account/passkeys/<passkey_id>/remove": SIGNED_IN,
    "GET /account/second-factor": SIGNED_IN,
    "GET /account/second-factor/new": SIGNED_IN,
    "POST /account/second-factor/new": SIGNED_IN,
    "POST /account/second-factor/recovery-codes": SIGNED_IN,
    "POST /account/second-factor/remove": SIGNED_IN,
    "GET /account/security": SIGNED_IN,
    "POST /account/security/<sign_in_id>/end": SIGNED_IN,
    "POST /account/security/end-others": SIGNED_IN,
    # accounts of others
    "GET /people/<user_id>": OWN_GLOBAL | ADMINISTRATOR,
    "POST /people/<user_id>": OWN_GLOBAL | ADMINISTRATOR,
    "POST /people/<user_id>/activate": OWN_GLOBAL | ADMINISTRATOR,
    "POST /people/<user_id>/deactivate": OWN_GLOBAL | ADMINISTRATOR,
    "POST /people/<user_id>/sign-out": OWN_GLOBAL | ADMINISTRATOR,
    "POST /people/<user_id>/reset-second-factor": ADMINISTRATOR,
    "POST /people/<user_id>/invite": OWN_GLOBAL | ADMINISTRATOR,
    # a partner's lists, each their own
    "GET /claims": PARTNERS,
    "GET /claims.csv": PARTNERS,
    "GET /earnings": PARTNERS,
    "GET /earnings.csv": PARTNERS,
    "GET /team": PARTNERS,
    "POST /team": ANY_GLOBAL,
    "GET /claims/new": ANY_CLAIMANT,
    "POST /claims/new": ANY_CLAIMANT,
    # a partner's claim
    "GET /claims/<reference>": OWN,
    "GET /claims/<reference>/consent-record": OWN,
    "GET /claims/<reference>/deadlines.ics": OWN,
    "GET /claims/<reference>/documents/<document_id>": OWN,
    "GET /claims/<reference>/history": OWN,
    "GET /claims/<reference>/history.csv": OWN,
    "GET /claims/<reference>/history.json": OWN,
    "GET /claims/<reference>/contact": OWN_CLAIMANTS,
    "POST /claims/<reference>/contact": OWN_CLAIMANTS,
    "GET /claims/<reference>/delete": OWN_CLAIMANTS,
    "POST /claims/<reference>/delete": OWN_CLAIMANTS,
    "GET /claims/<reference>/edit": OWN_CLAIMANTS,
    "POST /claims/<reference>/edit": OWN_CLAIMANTS,
    "GET /claims/<reference>/request-rejection": OWN_CLAIMANTS,
    "POST /claims/<reference>/request-rejection": OWN_CLAIMANTS,
    "POST /claims/<reference>/comments": OWN_CLAIMANTS,
    "POST /claims/<reference>/dispute": OWN_CLAIMANTS,
    "POST /claims/<reference>/documents": OWN_CLAIMANTS,
    "POST /claims/<reference>/new": OWN_CLAIMANTS,
    "POST /claims/<reference>/resubmit": OWN_CLAIMANTS,
    "POST /claims/<reference>/submit": OWN_CLAIMANTS,
    # the operator's work
    "GET /review": REVIEWERS,
    "GET /review/<reference>": REVIEWERS,
    "GET /review/<reference>/consent-record": REVIEWERS,
    "GET /review/<reference>/deadlines.ics": REVIEWERS,
    "GET /review/<reference>/documents/<document_id>": REVIEWERS,
    "GET /review/<reference>/history": REVIEWERS,
    "GET /review/<reference>/history.csv": REVIEWERS,
    "GET /review/<reference>/history.json": REVIEWERS,
    "POST /review/<reference>/approve": REVIEWERS,
    "POST /review/<reference>/comments": REVIEWERS,
    "POST /review/<reference>/contacts/<contact_id>/confirm": REVIEWERS,
    "POST /review/<reference>/correct-contact": REVIEWERS,
    "POST /review/<reference>/go-on": REVIEWERS,
    "POST /review/<reference>/notes": REVIEWERS,
    "POST /review/<reference>/reject": REVIEWERS,
    "POST /review/<reference>/reply": REVIEWERS,
    "POST /review/<reference>/reply/read": REVIEWERS,
    "POST /review/<reference>/request-information": REVIEWERS,
    "POST /review/<reference>/start-review": REVIEWERS,
    "POST /review/<reference>/take-over": REVIEWERS,
    "GET /review/figures": REVIEWERS,
    "GET /review/figures.csv": REVIEWERS,
    "GET /review/mails": REVIEWERS,
    "POST /review/mails/<mail_id>/done": REVIEWERS,
    "POST /review/mails/<mail_id>/send-again": REVIEWERS,
    "GET /review/preview": REVIEWERS,
    "GET /review/preview/<state>": REVIEWERS,
    "GET /review/preview/mails/<name>": REVIEWERS,
    "GET /review/preview/mails/<name>/html": REVIEWERS,
    "GET /review/received": REVIEWERS,
    "GET /review/received/<received_id>": REVIEWERS,
    # administration
    "GET /admin": ADMINISTRATOR,
    "GET /admin/assessments": ADMINISTRATOR,
    "GET /admin/assessments.csv": ADMINISTRATOR,
    "POST /admin/assessments/handovers/<handover_id>/send-again": ADMINISTRATOR,
    "POST /admin/assessments/table": ADMINISTRATOR,
    "GET /admin/calendar": ADMINISTRATOR,
    "POST /admin/calendar": ADMINISTRATOR,
    "POST /admin/calendar/remove": ADMINISTRATOR,
    "GET /admin/catalogue": ADMINISTRATOR,
    "GET /admin/corrections.csv": ADMINISTRATOR,
    "GET /admin/holding": ADMINISTRATOR,
    "POST /admin/holding/release": ADMINISTRATOR,
    "GET /admin/mpn-ids/<mpn_id_id>": ADMINISTRATOR,
    "POST /admin/mpn-ids/<mpn_id_id>": ADMINISTRATOR,
    "POST /admin/mpn-ids/<mpn_id_id>/remove": ADMINISTRATOR,
    "GET /admin/partners": ADMINISTRATOR,
    "POST /admin/partners": ADMINISTRATOR,
    "GET /admin/partners/<partner_id>": ADMINISTRATOR,
    "GET /admin/partners/<partner_id>/edit": ADMINISTRATOR,
    "POST /admin/partners/<partner_id>/edit": ADMINISTRATOR,
    "POST /admin/partners/<partner_id>/mpn-ids": ADMINISTRATOR,
    "GET /admin/settings": ADMINISTRATOR,
    "GET /admin/users": ADMINISTRATOR,
    "POST /admin/users": ADMINISTRATOR,
}

SWITCHED_OFF = {
    "GET /login/oidc": "the tests have no provider to sign in by",
    "GET /login/oidc/back": "nor a way back from there",
    "POST /account/passkeys/<passkey_id>/remove": "none of them has a passkey",
    "GET /signed-out": "nor one to sign out of",
    "GET /brand/colour.css": "the operator of the tests has no colour",
    "GET /brand/logo": "nor a logo",
    "GET /metrics": "nor a token, or a network, that may read figures",
    "POST /assessments/results": "the assessor of the tests is built in",
    "POST /admin/assessments/table": "the same",
    "POST /admin/assessments/handovers/<handover_id>/send-again": "the same",
}
"""What the settings of the tests leave out, so that nobody meets it; a test of its own switches it on."""
