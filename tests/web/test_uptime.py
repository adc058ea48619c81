"""How much of the time a component was up, as everybody sees it."""

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from spk.db import db, now, writing
from spk.models import Component, ComponentDay
from spk.models.status_pages.uptime import Day, Uptime
from spk.web.filters import percent
from tests.people import Api, Person
from tests.web.page_text import text

DAY = 86_400  # seconds


@pytest.fixture
def acme(ada: Person) -> Api:
    """Ada’s page with Web, which was down for a while three and seventy days ago."""
    acme = ada.page_api("Acme", "Web")
    web = acme.get("/components/web")["id"]
    with ada.app.app_context(), writing():
        long_ago = now() - timedelta(days=100)
        db.session.execute(update(Component).values(created_at=long_ago, status_since=long_ago))
        ComponentDay.record([web], "critical", {ago(3): 2040})
        ComponentDay.record([web], "minor", {ago(3): 7200})
        ComponentDay.record([web], "maintenance", {ago(70): 0})
    return acme


def ago(days: int) -> date:
    return now().date() - timedelta(days=days)


def written(day: date) -> str:
    return f"{day:%-d %B %Y}"


def labels(client: FlaskClient) -> dict[str, str]:
    """Where each bad day leads, and what it says."""
    return dict(
        re.findall(r'<a class="\w+" href="([^"]+)" aria-label="([^"]+)">', client.get("/p/acme").text)
    )


def test_a_bad_day_says_what_happened_and_leads_to_it(acme: Api, client: FlaskClient) -> None:
    assert labels(client) == {
        f"/p/acme/components/web#{ago(70)}": f"{written(ago(70))}: under maintenance",
        f"/p/acme/components/web#{ago(3)}": (
            f"{written(ago(3))}: major outage for 34 minutes, degraded performance for 2 hours"
        ),
    }


def test_a_day_before_lengths_were_kept_says_how_bad_it_was(acme: Api, client: FlaskClient) -> None:
    with acme.client.application.app_context(), writing():
        db.session.execute(update(ComponentDay).values(minor=0, critical=0))
    assert labels(client)[f"/p/acme/components/web#{ago(3)}"] == f"{written(ago(3))}: major outage"
    assert "Unknown uptime" in text(client.get("/p/acme"))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "100%"), (1, "99.99%"), (864, "99.9%"), (DAY, "90%"), (10 * DAY, "0%")],
)
def test_only_what_was_never_down_is_at_100_percent(seconds: int, shown: str) -> None:
    end = now()
    day = Day(end.date(), "critical", critical=seconds)
    assert percent(Uptime([day], end - timedelta(days=10), end)) == shown


def test_the_page_has_the_percentage_of_each_component(acme: Api, client: FlaskClient) -> None:
    acme.post("/components", name="Db")
    found = re.findall(r">([0-9.]+%) <span", client.get("/p/acme").text)
    assert [float(each.rstrip("%")) for each in found] == [pytest.approx(99.97, abs=0.01), 100]


def test_its_page_tells_each_bad_day_with_its_incidents(acme: Api, client: FlaskClient) -> None:
    made = acme.post("/incidents", name="Slow answers", status="resolved", component_ids=["web"])
    acme.move(made["id"], started_at=-timedelta(days=3), ends_at=-timedelta(days=3))
    acme.post("/incidents", name="Elsewhere", status="resolved")
    page = client.get("/p/acme/components/web")
    told = text(page)
    assert (
        f"{written(ago(3))}: major outage for 34 minutes, degraded performance for 2 hours Slow answers"
        in told
    )
    assert f"{written(ago(70))}: under maintenance No incident was reported." in told
    assert "Elsewhere" not in told
    assert f'id="{ago(3)}"' in page.text
    assert "A partial outage counts as 30% of a major one" in told


def test_its_page_says_that_nothing_happened(acme: Api, client: FlaskClient) -> None:
    acme.post("/components", name="Db")
    told = text(client.get("/p/acme/components/db"))
    assert "Nothing. It was operational all the time." in told
    assert "It is known since" in told


def test_of_a_component_that_starts_later_nothing_is_known(acme: Api, client: FlaskClient) -> None:
    acme.patch("/components/web", start_date="2999-01-01")
    assert "Unknown uptime" in text(client.get("/p/acme"))
    told = text(client.get("/p/acme/components/web"))
    assert "Nothing is known yet: its days begin on 2999-01-01." in told
    assert "operational all the time" not in told


def test_a_day_names_few_of_many_incidents(acme: Api, client: FlaskClient) -> None:
    for number in range(8):
        made = acme.post("/incidents", name=f"Deploy {number}", status="resolved", component_ids=["web"])
        acme.move(made["id"], started_at=-timedelta(days=80), ends_at=timedelta())
    page = client.get("/p/acme/components/web")
    assert page.text.count("Deploy") == 2 * 5
    assert text(page).count("3 more") == 2


@pytest.mark.parametrize("key", ["nothing", "WEB", "%00", "x" * 5000])
def test_a_component_that_is_not_on_the_page_is_unknown(key: str, acme: Api, client: FlaskClient) -> None:
    answer = client.get(f"/p/acme/components/{key}")
    assert answer.status_code == 404
    assert "There is no such component on this page." in answer.text
