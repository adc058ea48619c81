"""The two ceremonies of WebAuthn: registering a passkey, and asking for one.

Nothing is kept between the beginning and the end of one: the challenge is in the form, signed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from fido2.utils import websafe_decode, websafe_encode
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from spk.db import now
from spk.models.accounts.passkey import Assertion, Passkey, PasskeyRefused

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData

    from spk.models.accounts.user import User

LASTS = timedelta(minutes=10)  # for an answer to a challenge
MAX_LENGTH = 12_000  # characters of what a browser sends
T = TypeVar("T")
Purpose = Literal["register", "sign in", "prove"]


@dataclass(frozen=True)
class Ceremony:
    """What the browser is asked, as JSON, and the signed challenge that comes back with its answer."""

    options: str
    challenge: str


def begin_registration(user: "User", origin: str) -> Ceremony:
    """Ask for a new passkey, from a device that has none for this account yet."""
    from fido2.webauthn import PublicKeyCredentialUserEntity as Entity
    from fido2.webauthn import ResidentKeyRequirement, UserVerificationRequirement

    options, state = _server(origin).register_begin(
        Entity(id=str(user.id).encode(), name=user.email, display_name=user.email),
        [_credential(passkey) for passkey in Passkey.of(user.id)],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return _ceremony(options.public_key, state, "register", user)


def finish_registration(user: "User", origin: str, challenge: str, answer: str, name: str) -> Passkey:
    """The passkey that was made, not yet added; raises PasskeyRefused."""
    state, challenged_at = _open(challenge, "register", user.id)
    data = _verify(lambda: _server(origin).register_complete(state, _read(answer)))
    credential = data.credential_data
    if credential is None or not _is_acceptable(credential):
        raise PasskeyRefused
    known = {"sign_count": data.counter, "challenged_at": challenged_at}
    credential_id, public_data = websafe_encode(credential.credential_id), websafe_encode(credential)
    return Passkey(user_id=user.id, name=name, credential_id=credential_id, public_data=public_data, **known)


def _is_acceptable(credential: "AttestedCredentialData") -> bool:
    """Whether it was offered, and is no longer than an id may be (WebAuthn, 7.1, steps 20 and 25)."""
    from fido2.cose import CoseKey

    is_offered = credential.public_key.get(3) in CoseKey.supported_algorithms()
    return is_offered and len(credential.credential_id) <= 1023


def begin_sign_in(origin: str) -> Ceremony:
    """Ask for any passkey, with a proof that its owner is there: that is both factors (WebAuthn, 6.2.3)."""
    from fido2.webauthn import UserVerificationRequirement

    options, state = _server(origin).authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED
    )
    return _ceremony(options.public_key, state, "sign in")


def begin_proof(user: "User", origin: str) -> Ceremony:
    """Ask for one of the user’s passkeys as a second factor."""
    from fido2.webauthn import UserVerificationRequirement

    options, state = _server(origin).authenticate_begin(
        [_credential(passkey) for passkey in Passkey.of(user.id)],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return _ceremony(options.public_key, state, "prove", user)


def finish(origin: str, challenge: str, answer: str, user: "User | None" = None) -> Assertion:
    """Verify the answer to `begin_proof`, or without a user to `begin_sign_in`; raises PasskeyRefused.

    Look again under the lock: `Passkey.accept`.
    """
    state, challenged_at = _open(challenge, "prove" if user else "sign in", user.id if user else 0)
    given = _read(answer)
    passkey = Passkey.find(str(given.get("id", "")))
    if passkey is None or (user and passkey.user_id != user.id):
        raise PasskeyRefused
    count = _verify(lambda: _check(_server(origin), state, passkey, given))
    return Assertion(passkey.id, passkey.user_id, challenged_at, count)


def _server(origin: str) -> "Fido2Server":
    """The relying party of this origin; imported late, as it takes every command a tenth of a second."""
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    party = PublicKeyCredentialRpEntity(name="spk", id=urlsplit(origin).hostname)
    return Fido2Server(party, verify_origin=lambda given: given == origin)


def _credential(passkey: Passkey) -> "AttestedCredentialData":
    from fido2.webauthn import AttestedCredentialData

    return AttestedCredentialData(websafe_decode(passkey.public_data))


def _check(server: "Fido2Server", state: dict[str, Any], passkey: Passkey, answer: dict[str, Any]) -> int:
    """Verify an answer by this passkey, and return its count of signatures."""
    from fido2.webauthn import AuthenticationResponse

    server.authenticate_complete(state, [_credential(passkey)], answer)
    return AuthenticationResponse.from_dict(answer).response.authenticator_data.counter


def _read(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer) if len(answer) <= MAX_LENGTH else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise PasskeyRefused
    return found


def _verify(check: Callable[[], T]) -> T:
    try:
        return check()
    except Exception:  # the library raises whatever hostile bytes make it stumble over
        raise PasskeyRefused from None


def _ceremony(
    options: Mapping[str, object], state: dict[str, Any], purpose: Purpose, user: "User | None" = None
) -> Ceremony:
    signed = [state, user.id if user else 0, now().isoformat()]
    return Ceremony(json.dumps(dict(options)), str(_signer(purpose).dumps(signed)))


def _open(challenge: str, purpose: Purpose, user_id: int) -> tuple[dict[str, Any], datetime]:
    """The state of a ceremony that began for this user, and when."""
    try:
        state, owner_id, time = _signer(purpose).loads(challenge[:1_000])
    except BadSignature:
        raise PasskeyRefused from None
    began = datetime.fromisoformat(time)
    if owner_id != user_id or not timedelta() <= now() - began < LASTS:
        raise PasskeyRefused("This page was open too long. Reload it and try again.")
    return state, began


def _signer(purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"passkey to {purpose}")
