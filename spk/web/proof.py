"""Proving who one is: the codes and passkeys that forms carry."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import current_app, request

from spk.db import reading
from spk.models import User
from spk.models.accounts import webauthn
from spk.models.accounts.passkey import Assertion
from spk.models.accounts.second_factors import SecondFactors
from spk.models.accounts.webauthn import Ceremony
from spk.web.forms import ProofForm


def passkey_origin() -> str:
    """Where this page is for its browser: as the operator says, or on the same machine as it was opened."""
    opened = request.host_url.rstrip("/")
    base_url: str = current_app.config["BASE_URL"]
    return opened if urlsplit(opened).hostname == "localhost" else base_url


def proof_in(form: ProofForm, user: User) -> str | Assertion:
    """The code that was typed, or what a passkey signed; raises PasskeyRefused."""
    if not form.assertion.data:
        return form.code.data or ""
    with reading():
        return webauthn.finish(passkey_origin(), form.challenge.data or "", form.assertion.data, user)


def passkey_ceremony(user: User) -> Ceremony | None:
    """What asks for one of the user’s passkeys, if there is one that can be used here."""
    if why_no_passkeys():
        return None
    with reading():
        return webauthn.begin_proof(user, passkey_origin()) if SecondFactors(user).passkeys else None


def why_no_passkeys() -> str | None:
    """Why browsers have no passkeys here, or None where they do (WebAuthn, 5.1.2 and 13.4.9)."""
    url = urlsplit(passkey_origin())
    host = url.hostname or ""
    if _is_address(host):
        advice = f" Open http://localhost:{url.port or 80} instead." if host == "127.0.0.1" else ""
        return f"Passkeys need a host name, and this page was opened by an IP address.{advice}"
    if url.scheme != "https" and host != "localhost":
        return "Passkeys need https, and this page was opened by plain http."
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
