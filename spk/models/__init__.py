"""What is true, whoever asks: one noun a file."""

from spk.models.api_key import ApiKey
from spk.models.event import Event
from spk.models.pepper import PepperCanary
from spk.models.session import Session
from spk.models.sign_in_attempt import SignInAttempt
from spk.models.user import User

__all__ = ["ApiKey", "Event", "PepperCanary", "Session", "SignInAttempt", "User"]
