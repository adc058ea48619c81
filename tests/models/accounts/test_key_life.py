"""A key’s life as a state machine: whatever is done in whatever order, the promises hold."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import update

from spk import create_app
from spk.db import db, now, writing
from spk.models import ApiKey, User
from spk.models.accounts.caller import Caller, InvalidToken
from spk.models.accounts.key_rights import KeyRights
from spk.models.accounts.leak import find_leaked, revoke_leaked
from spk.models.accounts.owned_keys import ENDS, KeyLimitReached, NotReplaceable, OwnedKeys
from spk.models.refusal import PlanRequired
from tests.people import bearer, password_hash

pytestmark = pytest.mark.any_database("the rules are the same; races are tried elsewhere")
LIMIT = 3  # active keys of the plan
numbers = itertools.count()
servers: list[Flask] = []


@pytest.fixture(autouse=True)
def two_servers(environ: dict[str, str], prepared_data: Path) -> Iterator[None]:
    """Two applications on one database, whose plan allows few keys."""
    servers[:] = [create_app(environ), create_app(environ)]
    for app in servers:
        plan = app.config["PLANS"]["pro"]
        app.config["PLANS"] = {**app.config["PLANS"], "pro": plan.model_copy(update={"active_keys": LIMIT})}
    yield
    servers.clear()


@dataclass(eq=False)
class Expected:
    """What a key must be, by what was done with it."""

    token: str
    name: str
    ends_in: float | None  # s
    retires_in: float | None = None  # s, because it is replaced
    is_revoked: bool = False
    is_used: bool = False
    successor: "Expected | None" = None
    ends_with_successor: bool = False

    @property
    def is_active(self) -> bool:
        is_over = any(end is not None and end <= 0 for end in (self.ends_in, self.retires_in))
        is_replaced = self.ends_with_successor and self.successor and self.successor.is_used
        return not (self.is_revoked or is_over or is_replaced)


class KeyLife(RuleBasedStateMachine):
    """One account, its keys, two servers, and a clock that moves."""

    keys: "Bundle[Expected]" = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.email = f"life{next(numbers)}@example.com"
        self.made: list[Expected] = []
        self.is_paying, self.is_disabled = True, False
        with servers[0].app_context(), writing():
            db.session.add(User(email=self.email, password_hash=password_hash(), plan_name="pro"))

    @contextmanager
    def changing(self, server: int = 0) -> Iterator[OwnedKeys]:
        with servers[server].app_context(), writing():
            user = User.find(self.email)
            assert user is not None
            yield OwnedKeys(user)

    def key(self, keys: OwnedKeys, expected: Expected) -> ApiKey:
        found = keys.find(expected.token[:12])
        assert found is not None
        return found

    def counted(self) -> int:
        replaced = [key for key in self.made if key.successor and key.successor.is_active]
        return sum(key.is_active for key in self.made if key not in replaced)

    @rule(target=keys, hours=st.sampled_from([None, 1, 24]), server=st.integers(0, 1))
    def create(self, hours: int | None, server: int) -> "Expected":
        expires_at = now() + timedelta(hours=hours) if hours else None
        may = self.is_paying and self.counted() < LIMIT
        try:
            with self.changing(server) as keys:
                new = keys.create("CI", rights=KeyRights(expires_at=expires_at))
        except (KeyLimitReached, PlanRequired):
            assert not may
            return Expected("", "CI", None, is_revoked=True)
        assert may
        made = Expected(new.token, "CI", hours * 3600 if hours else None)
        self.made.append(made)
        return made

    @rule(target=keys, old=keys, ends=st.sampled_from(list(ENDS)), server=st.integers(0, 1))
    def replace(self, old: Expected, ends: str, server: int) -> "Expected":
        if not old.token:
            return old
        others = [key for key in self.made if key.successor is old and key.is_active]
        is_being_replaced = old.successor is not None and old.successor.is_active
        may = self.is_paying and old.is_active and not others and not is_being_replaced
        lifetime = None
        try:
            with self.changing(server) as keys:
                key = self.key(keys, old)
                if key.expires_at:
                    lifetime = (key.expires_at - key.created_at).total_seconds()
                new = keys.replace(key, ends)
        except (NotReplaceable, PlanRequired):
            assert not may
            return old
        assert may
        made = Expected(new.token, old.name, lifetime)
        old.successor, old.ends_with_successor = made, ends == "first_use"
        wait = ENDS[ends]
        old.retires_in = wait.total_seconds() if wait else None
        self.made.append(made)
        return made

    @rule(key=keys, server=st.integers(0, 1))
    def use(self, key: Expected, server: int) -> None:
        if not key.token:
            return
        answer = servers[server].test_client().get("/api/v1/whoami", headers=bearer(key.token))
        if not key.is_active or self.is_disabled:
            assert answer.status_code == 401
        elif not self.is_paying:
            assert answer.status_code == 403
        else:
            assert answer.status_code == 200
            assert answer.json is not None
            assert answer.json["key"]["name"] == key.name
            key.is_used = True

    @rule(key=keys, name=st.sampled_from(["Deploy", "Backup"]))
    def rename(self, key: Expected, name: str) -> None:
        if key.token:
            with self.changing() as keys:
                self.key(keys, key).rename(name)
            key.name = name

    @rule(key=keys, server=st.integers(0, 1))
    def revoke(self, key: Expected, server: int) -> None:
        if key.token:
            with self.changing(server) as keys:
                assert self.key(keys, key).revoke() is not key.is_revoked
            self.has_ended(key)

    @rule(key=keys)
    def report(self, key: Expected) -> None:
        with self.changing():
            found = find_leaked([key.token])
            assert bool(found) is bool(key.token and not key.is_revoked)
            revoke_leaked(found, "203.0.113.7")
        self.has_ended(key)

    def has_ended(self, key: Expected) -> None:
        """Whatever it was to replace, and still works, is as it was before."""
        for old in self.made:
            if old.successor is key and old.is_active:
                old.successor, old.retires_in, old.ends_with_successor = None, None, False
        key.is_revoked = True

    @rule(hours=st.sampled_from([0.5, 2, 200]))
    def wait(self, hours: float) -> None:
        """Move the clock, by moving all that was written with it."""
        passed = timedelta(hours=hours)
        with self.changing() as keys:
            for key in keys.all():
                times = {"created_at": key.created_at, "expires_at": key.expires_at}
                times |= {"last_used_at": key.last_used_at, "replaced_at": key.replaced_at}
                times |= {"retires_at": key.retires_at}
                moved = {name: time and time - passed for name, time in times.items()}
                db.session.execute(update(ApiKey).where(ApiKey.id == key.id).values(moved))
        for each in self.made:
            if each.ends_in is not None:
                each.ends_in -= passed.total_seconds()
            if each.retires_in is not None:
                each.retires_in -= passed.total_seconds()

    @rule(what=st.sampled_from(["fine", "fine", "not paying", "disabled"]))
    def change_account(self, what: str) -> None:
        self.is_paying, self.is_disabled = what != "not paying", what == "disabled"
        with self.changing(1) as keys:
            keys.user.set_plan("pro" if self.is_paying else "free")
            keys.user.disable() if self.is_disabled else keys.user.enable()

    @invariant()
    def every_server_accepts_the_active_keys_and_no_others(self) -> None:
        for app, key in itertools.product(servers, self.made):
            with app.app_context():
                try:
                    is_accepted = Caller.authenticate(key.token).key.prefix == key.token[:12]
                except InvalidToken:
                    is_accepted = False
            assert is_accepted is (key.is_active and not self.is_disabled)

    @invariant()
    def never_more_keys_than_the_plan_allows(self) -> None:
        assert self.counted() <= LIMIT
        assert sum(key.is_active for key in self.made) <= 2 * LIMIT


def test_the_promises_hold_whatever_is_done_in_whatever_order() -> None:
    run_state_machine_as_test(
        KeyLife,
        settings=settings(max_examples=15, stateful_step_count=30, deadline=None, derandomize=True),
    )
