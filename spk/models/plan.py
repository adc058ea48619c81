"""Plans are data: what an account may use, and how much of it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from spk.config import ConfigError


@dataclass(frozen=True)
class Plan:
    """A name, what it opens and its limits; without api_access no key works."""

    name: str
    title: str
    summary: str = ""
    features: frozenset[str] = frozenset()
    active_keys: int = 0
    status_pages: int = 0
    requests_per_minute: int | None = None

    def has(self, feature: str) -> bool:
        return feature in self.features


def all_plans() -> list[Plan]:
    return list(_plans().values())


def find_plan(name: str) -> Plan:
    """The plan of that name; one that is gone from the file opens nothing."""
    return _plans().get(name) or Plan(name, title=name, summary="This plan is no longer defined.")


def largest_plan() -> Plan:
    """The plan with the most keys: the first account's, its holder being the operator."""
    return max(all_plans(), key=lambda plan: plan.active_keys)


def plan_exists(name: str) -> bool:
    return name in _plans()


def load_plans(path: Path, default: str) -> dict[str, Plan]:
    """Read the plans from a TOML file; raises ConfigError where it does not fit."""
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
    types: dict[str, type] = {"title": str, "summary": str, "features": list}
    types |= {"active_keys": int, "status_pages": int, "requests_per_minute": int}
    if not isinstance(table, dict):
        raise ConfigError(f"SPK_PLANS_FILE: {name} must be a table, [{name}].")
    for key, value in table.items():
        if key not in types:
            raise ConfigError(f"SPK_PLANS_FILE: [{name}] has an unknown {key}; known are {', '.join(types)}.")
        fits = type(value) is types[key] and (not isinstance(value, int) or value >= 0)
        if not fits or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
            raise ConfigError(f"SPK_PLANS_FILE: [{name}] {key} does not fit: {value!r}.")
    features = frozenset(table.get("features", []))
    for feature, limit in (("api_access", "active_keys"), ("status_pages", "status_pages")):
        if feature in features and not table.get(limit):
            raise ConfigError(f"SPK_PLANS_FILE: [{name}] has {feature} and needs {limit}, 1 or more.")
    return Plan(name, **{"title": name, **table, "features": features})


def _plans() -> dict[str, Plan]:
    plans: dict[str, Plan] = current_app.config["PLANS"]
    return plans
