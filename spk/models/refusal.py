"""What a rule refuses, in words for whoever asked."""

FEATURES = {
    "api_access": "API access isn’t included in this plan.",
    "status_pages": "Status pages aren’t included in this plan.",
    "maintenance_windows": "Planning maintenance isn’t included in this plan.",
}


class Refusal(Exception):
    """Nothing was changed; the text says why."""


class PlanRequired(Refusal):
    """The plan doesn’t have the feature."""

    def __init__(self, feature: str) -> None:
        super().__init__(FEATURES.get(feature, f"This plan doesn’t include {feature}."))
        self.feature = feature


class LimitReached(Refusal):
    """The plan has the feature, but no more of it."""


class InvalidValue(Refusal, ValueError):
    """What was given doesn’t fit; a ValueError for those who read fields: pydantic, and the forms."""


class InvalidField(Refusal):
    """One field of what was asked doesn’t fit with what there is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
