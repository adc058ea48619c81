"""What a form chose of a page, and somebody deleted before it was saved."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from spk.db import db, unit_of_work
from tests.people import Api, Person


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page with Web and Db, and the group Europe."""
    acme = ada.page_api("Acme", "Web", "Db")
    acme.post("/component-groups", name="Europe")
    return acme


@contextmanager
def deleted_before_saving(table: str) -> Iterator[None]:
    """As if somebody had deleted all of these between reading the form and saving it."""

    def delete(_session: Session, _transaction: object, connection: Connection) -> None:
        if unit_of_work() == "writing":
            connection.exec_driver_sql(f"DELETE FROM {table}")

    event.listen(db.session, "after_begin", delete)
    try:
        yield
    finally:
        event.remove(db.session, "after_begin", delete)


@pytest.mark.parametrize(
    ("table", "place", "fields"),
    [
        ("components", "new-group", {"name": "Asia", "component_ids": "WEB"}),
        ("components", "groups/europe", {"name": "Asia", "component_ids": "WEB"}),
        ("component_groups", "components/web", {"name": "Site", "group_id": "EUROPE"}),
        (
            "components",
            "new-incident",
            {"name": "Down", "component_WEB": "major_outage", "impact_override": ""},
        ),
        (
            "components",
            "new-maintenance",
            {
                "name": "Deploy",
                "component_ids": "WEB",
                "scheduled_for": "2099-01-15T10:00",
                "scheduled_until": "2099-01-15T11:00",
            },
        ),
    ],
    ids=["a new group", "a group", "a component", "an incident", "a maintenance"],
)
def test_what_is_gone_meanwhile_is_said_and_what_was_typed_stays(
    table: str, place: str, fields: dict[str, str], acme: Api, ada: Person
) -> None:
    web, europe = acme.get("/components/web")["id"], acme.get("/component-groups/europe")["id"]
    sent = {
        name.replace("WEB", web): value.replace("WEB", web).replace("EUROPE", europe)
        for name, value in fields.items()
    }
    browser = ada.browser()
    with deleted_before_saving(table):
        answer = browser.submit(f"/user/pages/acme/{place}", htmx=False, **sent)
    assert answer.status_code in (409, 422)
    assert "This page has no" in answer.text
    assert f'value="{fields["name"]}"' in answer.text
