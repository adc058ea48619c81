"""What is true, whoever asks: one noun a file."""

from spk.models.api_key import ApiKey
from spk.models.component import Component
from spk.models.component_day import ComponentDay
from spk.models.event import Event
from spk.models.idempotent_answer import IdempotentAnswer
from spk.models.incident import Incident
from spk.models.incident_update import IncidentUpdate
from spk.models.pepper import PepperCanary
from spk.models.session import Session
from spk.models.sign_in_attempt import SignInAttempt
from spk.models.status_page import StatusPage
from spk.models.user import User

__all__ = [
    "ApiKey",
    "Component",
    "ComponentDay",
    "Event",
    "IdempotentAnswer",
    "Incident",
    "IncidentUpdate",
    "PepperCanary",
    "Session",
    "SignInAttempt",
    "StatusPage",
    "User",
]
