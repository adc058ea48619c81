from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from spk.db import Base, db, now, writing
from spk.models import Component, Event, Incident, IncidentUpdate, StatusPage, User
from spk.models.refusal import InvalidField, PlanRequired
from spk.models.status_pages.identifier import save_with_slug
from spk.models.status_pages.owned_pages import OwnedPages, PageLimitReached
from spk.models.status_pages.vocabulary import DESCRIPTIONS, IMPACTS, Impact, worst
from tests.people import Person


def pages_of(person: Person) -> OwnedPages:
    user = User.find(person.email)
    assert user
    return OwnedPages(user)


def count(model: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_default_page_is_the_oldest_of_the_first_account(app: Flask, ada: Person, eve: Person) -> None:
    with app.app_context(), writing():
        assert StatusPage.published() is None
        first, second = pages_of(ada).create(name="First"), pages_of(ada).create(name="Second")
        assert StatusPage.published() is first
        first.created_at = now() + timedelta(days=1)
        assert StatusPage.published() is second


def test_no_stranger_takes_the_front_door(app: Flask, ada: Person, eve: Person) -> None:
    with app.app_context(), writing():
        pages_of(eve).create(name="Eve")
        page = pages_of(ada).create(name="Ada")
        assert StatusPage.published() is page


def test_the_pages_of_a_disabled_account_are_published_no_more(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme")
        page.user.disable()
        assert StatusPage.published() is StatusPage.published("acme") is None
        assert OwnedPages(page.user).find("acme") is page


def test_a_page_is_found_by_its_slug_or_id(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme")
        assert StatusPage.published("acme") is StatusPage.published(page.id) is page
        for key in ("Acme", "acme ", "", "\x00", "\ud800"):
            assert StatusPage.published(key) is None


def test_a_person_finds_their_own_pages_only(app: Flask, ada: Person, eve: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme")
        assert pages_of(ada).find("acme") is pages_of(ada).find(page.id) is page
        assert pages_of(eve).find("acme") is pages_of(eve).find(page.id) is None
        assert (pages_of(ada).all(), pages_of(eve).all()) == ([page], [])


def test_making_and_deleting_a_page_is_on_record(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        pages_of(ada).create(name="Acme").delete()
        kinds = [event.action for event in db.session.scalars(select(Event).order_by(Event.id))]
        assert kinds == ["status_page:create", "status_page:delete"]


def test_deleting_a_page_leaves_nothing_of_it(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme")
        page.create_component(name="Web")
        page.incidents.create(name="Down", body="We look.", component_ids=["web"])
        db.session.flush()
        page.delete()
        assert [count(model) for model in (StatusPage, Component, Incident, IncidentUpdate)] == [0, 0, 0, 0]


def test_a_plan_without_pages_makes_none(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        db.session.execute(update(User).values(plan_name="gone"))
        with pytest.raises(PlanRequired) as refusal:
            pages_of(ada).create(name="Acme")
        assert refusal.value.feature == "status_pages"


def test_a_plan_has_a_limit_and_pages_beyond_it_stay(app: Flask, ada: Person, ben: Person) -> None:
    with app.app_context(), writing():
        pages_of(ben).create(name="Bens")
        with pytest.raises(PageLimitReached, match="Your plan allows 1 status page"):
            pages_of(ben).create(name="Another")
        for number in range(2):
            pages_of(ada).create(name=f"Page {number}")
        pages_of(ada).user.set_plan("free")
        assert len(pages_of(ada).all()) == 2
        with pytest.raises(PageLimitReached):
            pages_of(ada).create(name="Another")


def test_a_slug_that_is_taken_is_refused(app: Flask, ada: Person, eve: Person) -> None:
    with app.app_context(), writing():
        pages_of(ada).create(name="Acme")
        with pytest.raises(InvalidField, match="“acme” is taken"):
            pages_of(eve).create(name="Other", slug="acme")
        mine = pages_of(eve).create(name="Acme")
        assert mine.slug == f"acme-{mine.id}"
        with pytest.raises(InvalidField, match="“acme” is taken"):
            mine.change(slug="acme")


def test_a_component_is_hidden_while_all_is_well_where_its_owner_wants_that(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme")
        always = page.create_component(name="Web")
        sometimes = page.create_component(name="Db", only_show_if_degraded=True)
        assert (always.is_shown, sometimes.is_shown) == (True, False)
        sometimes.change(status="degraded_performance")
        assert sometimes.is_shown
        sometimes.change(status="operational")
        page.incidents.create(name="Upgrade", status="in_progress", component_ids=["db"])
        assert sometimes.is_shown


def test_components_are_named_by_id_and_slug_and_no_other_way(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme")
        web = page.create_component(name="Web shop")
        assert page.component("web-shop") is page.component(web.id) is web
        assert page.component("Web shop") is None
        with pytest.raises(InvalidField, match="This page has no component “Web shop”") as refusal:
            page.require_component("Web shop", "component_ids")
        assert refusal.value.field == "component_ids"


def test_a_page_knows_its_address_and_its_time_zone(app: Flask, ada: Person) -> None:
    with app.app_context(), writing():
        page = pages_of(ada).create(name="Acme", time_zone="Europe/Berlin")
        assert page.url == "http://127.0.0.1:8000/p/acme"
        assert str(page.zone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("impacts", "expected"),
    [
        ([], "none"),
        (["none"], "none"),
        (["maintenance", "none"], "maintenance"),
        (["minor", "maintenance"], "minor"),
        (["minor", "major", "minor"], "major"),
        (["critical", "major"], "critical"),
    ],
)
def test_the_worst_wins(impacts: list[Impact], expected: Impact) -> None:
    assert worst(impacts) == expected


def test_every_indicator_has_words() -> None:
    assert set(DESCRIPTIONS) == set(IMPACTS)


def test_of_two_who_take_a_slug_at_once_one_is_told(app: Flask, ada: Person, eve: Person) -> None:
    with app.app_context(), writing():
        pages_of(ada).create(name="Acme")
        hers = pages_of(eve).create(name="Ibex")
        with pytest.raises(InvalidField, match="taken just now"):
            save_with_slug(hers, "acme")
        assert pages_of(eve).find("ibex") is hers
        hers.change(name="Still usable")
