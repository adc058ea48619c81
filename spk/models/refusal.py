"""Exceptions for requests that break a rule; their messages are shown to the user."""

FEATURES = {
    "api_access": "API access isn’t included in this plan.",
    "status_pages": "Status pages aren’t included in this plan.",
    "maintenance_windows": "Planning maintenance isn’t included in this plan.",
}


class Refusal(Exception):
    """Nothing was changed; the message says why."""


class PlanRequired(Refusal):
    """The plan doesn’t include the feature."""

    def __init__(self, feature: str) -> None:
        super().__init__(FEATURES.get(feature, f"This plan doesn’t include {feature}."))
        self.feature = feature


class LimitReached(Refusal):
    """The plan’s limit for this feature is used up."""


class InvalidValue(Refusal, ValueError):
    """What was given doesn’t fit; a ValueError for those who read fields: pydantic, and the forms."""


class InvalidField(Refusal):
    """The value of one field conflicts with other fields or with existing data."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PasswordChanged(Refusal):
    """The password that was verified is no longer the account’s."""

    def __init__(self) -> None:
        super().__init__("Your password was changed from somewhere else just now. Nothing was changed here.")


class EmailTaken(InvalidValue):
    """There is an account with this email address."""

    def __init__(self) -> None:
        super().__init__("There is an account with this email already.")


class AccountGone(Refusal):
    """The account was deleted meanwhile."""

    def __init__(self) -> None:
        super().__init__("This account was deleted.")
