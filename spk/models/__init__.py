"""The rules of spk: accounts and their API keys, and status pages, which belong to accounts."""

from spk.models.accounts.api_key import ApiKey
from spk.models.accounts.authenticator_app import AuthenticatorApp
from spk.models.accounts.browser_session import BrowserSession
from spk.models.accounts.event import Event
from spk.models.accounts.idempotent_answer import IdempotentAnswer
from spk.models.accounts.key_use import ApiKeyDay, ApiKeyRefusal
from spk.models.accounts.passkey import Passkey
from spk.models.accounts.pepper import PepperCanary
from spk.models.accounts.recovery_code import RecoveryCode
from spk.models.accounts.sign_in_attempt import SignInAttempt
from spk.models.accounts.user import User
from spk.models.status_pages.component import Component
from spk.models.status_pages.component_day import ComponentDay
from spk.models.status_pages.component_group import ComponentGroup
from spk.models.status_pages.former_slug import FormerSlug
from spk.models.status_pages.incident import Incident
from spk.models.status_pages.incident_update import IncidentUpdate
from spk.models.status_pages.status_page import StatusPage
from spk.models.sweep import Sweep

__all__ = [
    "ApiKey",
    "ApiKeyDay",
    "ApiKeyRefusal",
    "AuthenticatorApp",
    "BrowserSession",
    "Component",
    "ComponentDay",
    "ComponentGroup",
    "Event",
    "FormerSlug",
    "IdempotentAnswer",
    "Incident",
    "IncidentUpdate",
    "Passkey",
    "PepperCanary",
    "RecoveryCode",
    "SignInAttempt",
    "StatusPage",
    "Sweep",
    "User",
]
