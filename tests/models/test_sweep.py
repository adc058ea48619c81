"""Rows that nobody needs any more are deleted."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from spk.db import Base, db, now, reading, writing
from spk.models import (
    BrowserSession,
    Event,
    FormerSlug,
    IdempotentAnswer,
    SignInAttempt,
    StatusPage,
    Sweep,
    User,
)
from spk.models import sweep as sweep_module
from spk.models.sweep import sweep
from tests.locks import others_can_write
from tests.people import Person

DAY = timedelta(days=1)


def count(model: type[Base]) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def one_of_each(app: Flask, ada: Person) -> None:
    """One row in each table that is swept."""
    ada.create_page("Acme")
    with app.app_context(), writing():
        user = User.find(ada.email)
        assert user
        IdempotentAnswer.begin(user.id, "key", "fingerprint")
        BrowserSession.start(user, "Firefox")
        SignInAttempt.record(ada.email, "192.0.2.7", "somewhere")
        page = StatusPage.published("acme")
        assert page
        page.delete()
        db.session.flush()
        db.session.execute(update(Event).values(action="api_key:create"))
        first = select(func.min(Event.id)).scalar_subquery()
        db.session.execute(delete(Event).where(Event.id != first))


@pytest.mark.parametrize(
    ("model", "column", "kept"),
    [
        (Event, "created_at", 729 * DAY),
        (IdempotentAnswer, "created_at", DAY - timedelta(hours=1)),
        (BrowserSession, "last_seen_at", 13 * DAY),
        (BrowserSession, "created_at", 89 * DAY),
        (SignInAttempt, "created_at", DAY - timedelta(hours=1)),
        (FormerSlug, "freed_at", 5 * 365 * DAY - DAY),
    ],
)
def test_a_row_is_kept_as_long_as_it_says_and_then_goes(
    app: Flask, one_of_each: None, model: type[Base], column: str, kept: timedelta
) -> None:
    with app.app_context():
        for age, left in ((kept, 1), (kept + 2 * DAY, 0)):
            with writing():
                db.session.execute(update(model).values({column: now() - age}))
            list(sweep())
            assert count(model) == left


def test_a_slug_that_leads_to_a_page_is_kept_for_ever(app: Flask, ada: Person) -> None:
    ada.create_page("Acme")
    with app.app_context():
        with writing():
            page = StatusPage.published("acme")
            assert page
            page.change(slug="new")
        with writing():
            db.session.execute(update(FormerSlug).values(freed_at=now() - 9999 * DAY))
        assert list(sweep()) == []


def test_others_can_write_after_every_few_rows(
    app: Flask, one_of_each: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "STEP", 2)
    with app.app_context():
        with writing():
            user_id = db.session.scalars(select(User.id)).first()
            assert user_id
            db.session.execute(delete(Event))
            old = now() - 999 * DAY
            db.session.add_all(
                Event(user_id=user_id, action="api_key:create", created_at=old) for _ in range(5)
            )
        for number, step in enumerate(sweep()):
            assert step == ("events", (2, 2, 1)[number])
            assert others_can_write(app)
        assert count(Event) == 0


def test_one_of_all_workers_sweeps_and_a_day_later_one_again(app: Flask) -> None:
    with app.app_context():
        with writing():
            Sweep.make_due()
        answers = []
        for age in (timedelta(0), timedelta(0), DAY + timedelta(minutes=1)):
            with writing():
                if age:
                    db.session.execute(update(Sweep).values(started_at=now() - age))
            with writing():
                answers.append(Sweep.claim())
    assert answers == [True, False, True]
