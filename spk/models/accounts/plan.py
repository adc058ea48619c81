"""Plans: which features an account has, and its limits."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from flask import current_app
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    model_validator,
)

from spk.config import ConfigError
from spk.models.refusal import InvalidValue


class PlanTable(BaseModel):
    """A plan in the plans file: its features and limits."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    title: str = ""
    summary: str = ""
    features: Annotated[frozenset[str], Field(strict=False)] = frozenset()  # a list in TOML
    active_keys: NonNegativeInt = 0
    longest_key_days: PositiveInt | None = None  # that a key may be made for
    default_key_days: PositiveInt | None = None  # of a key for which nothing else is chosen
    status_pages: NonNegativeInt = 0
    components: PositiveInt = 200  # of a status page
    open_incidents: PositiveInt = 100  # of a status page, planned maintenance among them
    incident_updates: PositiveInt = 100  # of an incident
    requests_per_minute: NonNegativeInt | None = None

    @model_validator(mode="after")
    def check_limits(self) -> Self:
        for feature, limit in (("api_access", "active_keys"), ("status_pages", "status_pages")):
            if feature in self.features and not getattr(self, limit):
                raise InvalidValue(f"has {feature} and needs {limit}, 1 or more")
        if self.longest_key_days and (self.default_key_days or 0) > self.longest_key_days:
            raise InvalidValue("has default_key_days greater than longest_key_days")
        return self


class Plan(PlanTable):
    """A plan with its name; without api_access no key works."""

    name: str

    def has(self, feature: str) -> bool:
        return feature in self.features

    @property
    def default_lifetime(self) -> timedelta | None:
        """Of a key for which nothing else is chosen."""
        days = self.default_key_days or self.longest_key_days
        return timedelta(days=days) if days else None


def all_plans() -> list[Plan]:
    return list(_plans().values())


def find_plan(name: str) -> Plan:
    """The plan of that name; a plan that isn’t in the file any more has no features."""
    return _plans().get(name) or Plan(name=name, title=name, summary="This plan is no longer defined.")


def largest_plan() -> Plan:
    """The plan with the most keys, which the first account gets, as it is the operator’s."""
    return max(all_plans(), key=lambda plan: plan.active_keys)


def plan_exists(name: str) -> bool:
    return name in _plans()


def load_plans(path: Path, default: str) -> dict[str, Plan]:
    """Read the plans from a TOML file; raises ConfigError if it is invalid."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"SPK_PLANS_FILE: cannot read {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"SPK_PLANS_FILE: {path} is not TOML: {error}.") from None
    if "" in tables:
        raise ConfigError(f"SPK_PLANS_FILE: {path} has a plan without a name.")
    plans = {name: _plan(name, table) for name, table in tables.items()}
    if default not in plans:
        raise ConfigError(
            f"SPK_DEFAULT_PLAN must be one of {', '.join(plans) or 'the plans'}, not {default}."
        )
    return plans


def _plan(name: str, table: object) -> Plan:
    if not isinstance(table, dict):
        raise ConfigError(f"SPK_PLANS_FILE: {name} must be a table, [{name}].")
    try:
        found = PlanTable.model_validate({"title": name, **table})
    except ValidationError as error:
        raise ConfigError(f"SPK_PLANS_FILE: [{name}] {_message(error)}.") from None
    return Plan(name=name, **found.model_dump())


def _message(error: ValidationError) -> str:
    """The first error, in words."""
    first = error.errors(include_url=False)[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"has an unknown {key}; known are {', '.join(PlanTable.model_fields)}"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return f"{key} is invalid: {first['msg']}, not {first['input']!r}"


def _plans() -> dict[str, Plan]:
    plans: dict[str, Plan] = current_app.config["PLANS"]
    return plans
