from pathlib import Path

import pytest
from flask import Flask

from spk import create_app
from spk.config import ConfigError
from spk.db import reading
from spk.models.accounts.plan import all_plans, find_plan, largest_plan, load_plans, plan_exists

SHIPPED = Path(__file__).parents[3] / "spk" / "plans.toml"


@pytest.mark.parametrize(
    ("name", "features", "active_keys", "status_pages"),
    [
        ("free", ["status_pages"], 0, 1),
        ("pro", ["api_access", "maintenance_windows", "status_pages"], 20, 5),
        ("business", ["api_access", "maintenance_windows", "status_pages"], 100, 50),
    ],
)
def test_spk_comes_with_the_plans_of_its_contract(
    name: str, features: list[str], active_keys: int, status_pages: int
) -> None:
    plan = load_plans(SHIPPED, "free")[name]
    assert sorted(plan.features) == features
    assert (plan.active_keys, plan.status_pages) == (active_keys, status_pages)
    assert plan.requests_per_minute is None


def test_every_plan_that_comes_with_spk_has_words_for_people() -> None:
    assert all(plan.title and plan.summary for plan in load_plans(SHIPPED, "free").values())


def test_a_file_replaces_the_plans(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(
        '[team]\ntitle = "Team"\nfeatures = ["api_access"]\nactive_keys = 3\nrequests_per_minute = 60\n[none]'
    )
    app = create_app(environ | {"SPK_PLANS_FILE": str(file), "SPK_DEFAULT_PLAN": "team"})
    with app.app_context(), reading():
        assert [plan.name for plan in all_plans()] == ["team", "none"]
        assert (find_plan("team").active_keys, find_plan("team").requests_per_minute) == (3, 60)
        assert not plan_exists("pro")


def test_a_plan_without_a_title_is_called_by_its_name(tmp_path: Path) -> None:
    assert load(tmp_path, "[team]", "team")["team"] == "team"


def test_a_plan_that_says_nothing_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text("[team]")
    plan = load_plans(file, "team")["team"]
    assert (plan.features, plan.active_keys) == (frozenset(), 0)


def test_a_plan_may_have_none_of_what_it_does_not_open(tmp_path: Path) -> None:
    assert load(tmp_path, "[free]\nactive_keys = 0\nstatus_pages = 0") == {"free": "free"}


def test_a_plan_that_is_gone_from_the_file_opens_nothing(app: Flask) -> None:
    with app.app_context(), reading():
        plan = find_plan("enterprise")
    assert (plan.name, plan.title, plan.features, plan.active_keys) == (
        "enterprise",
        "enterprise",
        frozenset(),
        0,
    )
    assert plan.summary == "This plan is no longer defined."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[free", "is not TOML"),
        ("[free]\n[free]", "is not TOML"),
        ("free = 1", r"free must be a table, \[free\]"),
        ("[free]\nactive_key = 3", r"\[free\] has an unknown active_key; known are title, summary, "),
        ('[free]\nactive_keys = "3"', r"\[free\] active_keys is invalid: .*, not '3'"),
        ("[free]\nactive_keys = -1", r"\[free\] active_keys is invalid: .*, not -1"),
        ("[free]\nactive_keys = true", r"\[free\] active_keys is invalid: .*, not True"),
        ("[free]\nactive_keys = 1.5", r"\[free\] active_keys is invalid: .*, not 1.5"),
        ("[free]\ntitle = 1", r"\[free\] title is invalid: .*, not 1"),
        ('[free]\nfeatures = "api_access"', r"\[free\] features is invalid: .*, not 'api_access'"),
        ("[free]\nfeatures = [1]", r"\[free\] features.0 is invalid: .*, not 1"),
        (
            '[free]\nfeatures = [["api_access"]]',
            r"\[free\] features.0 is invalid: .*, not \['api_access'\]",
        ),
        ('[free]\n[""]', "has a plan without a name"),
        ('[free]\nfeatures = ["api_access"]', r"\[free\] has api_access and needs active_keys, 1 or more"),
        ('[free]\nfeatures = ["status_pages"]', r"\[free\] has status_pages and needs status_pages, 1"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_a_line_that_says_where(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=f"^SPK_PLANS_FILE: .*{words}"):
        load(tmp_path, text)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"^SPK_PLANS_FILE: .* is not TOML"):
        load_plans(file, "free")


@pytest.mark.parametrize(("name", "why"), [("missing.toml", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"^SPK_PLANS_FILE: cannot read {tmp_path}.*: {why}"):
        load_plans(tmp_path / name, "free")


def test_a_default_that_is_no_plan_is_refused_with_the_plans_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^SPK_DEFAULT_PLAN must be one of free, pro, business, not gold"):
        load_plans(SHIPPED, "gold")


def test_a_file_without_plans_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^SPK_DEFAULT_PLAN must be one of the plans, not free"):
        load(tmp_path, "")


def load(directory: Path, text: str, default: str = "free") -> dict[str, str]:
    """The titles of the plans that a file of this text holds."""
    file = directory / "plans.toml"
    file.write_text(text)
    return {name: plan.title for name, plan in load_plans(file, default).items()}


def test_the_largest_plan_has_the_most_keys_wherever_it_stands(
    environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "plans.toml"
    file.write_text("[small]\nactive_keys = 1\n[large]\nactive_keys = 3\n[middling]\nactive_keys = 2")
    with (
        create_app(environ | {"SPK_PLANS_FILE": str(file), "SPK_DEFAULT_PLAN": "small"}).app_context(),
        reading(),
    ):
        assert largest_plan().name == "large"
