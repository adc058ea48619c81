"""The worst that fits into a field costs no more than anything else of its size."""

import json
import time
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from flask import Flask

from spk.api.body import MAX_FIELDS
from spk.config import MAX_BODY
from spk.headers import SMALL_BODY
from spk.models.text import MAX_MARKS, normalize
from tests.people import Browser, Person, bearer

MARKS = "\u0301\u0316"  # which normalizing puts in another order, a pair at a time
PLAIN, WORST = "a", MARKS
FORM = "application/x-www-form-urlencoded"
# Every form by its address, with the page that has it, its fields, and how large it may be.
FORMS = {
    "/login": ("/login", ("email", "password"), SMALL_BODY),
    "/register": ("/register", ("email", "password"), SMALL_BODY),
    "/user/security/password": ("/user/security", ("current_password", "new_password"), SMALL_BODY),
    "/user/security/api-keys": ("/user/security", ("name", "lifetime", "nonce"), SMALL_BODY),
    "/user/pages": ("/user/pages", ("name",), MAX_BODY),
    "/user/pages/acme/settings": (
        "/user/pages",
        ("name", "slug", "description", "time_zone"),
        MAX_BODY,
    ),
    "/user/pages/acme/components": ("/user/pages", ("name", "description"), MAX_BODY),
    "/user/pages/acme/components/web": ("/user/pages", ("name", "description"), MAX_BODY),
    "/user/pages/acme/new-incident": ("/user/pages", ("name", "body", "impact_override"), MAX_BODY),
    "/user/pages/acme/new-maintenance": (
        "/user/pages",
        ("name", "body", "scheduled_for", "component_ids"),
        MAX_BODY,
    ),
}
CALLS = {
    "/pages": ("name", "slug", "description", "time_zone"),
    "/pages/acme/components": ("name", "slug", "description", "status", "start_date"),
    "/pages/acme/incidents": ("name", "slug", "body", "message", "status", "component_ids", "scheduled_for"),
}


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"SPK_REGISTRATION": "open"}


@pytest.fixture
def acme(ada: Person) -> Person:
    """Ada, with a page and a component on it."""
    ada.page_api("Acme", "Web")
    return ada


def cpu(do: Callable[[], object]) -> float:
    """The CPU time that it takes, without what else comes in between: collecting garbage takes longer."""
    times = []
    for _ in range(2):
        start = time.process_time()
        do()
        times.append(time.process_time() - start)
    return min(times)


def check(send: Callable[[str], int], size: int, letter_size: int) -> None:
    """Compare the CPU time of the worst text with that of a plain one of as many bytes."""
    texts = {letter: letter * ((size - 400) // letter_size // len(letter)) for letter in (PLAIN, WORST)}
    send("a")  # what is done for the first time
    plain, worst = cpu(lambda: send(texts[PLAIN])), cpu(lambda: send(texts[WORST]))
    assert worst < 3 * plain + 0.2


@pytest.mark.parametrize(
    ("path", "field"), [(path, field) for path, form in FORMS.items() for field in form[1]]
)
def test_no_field_of_a_form_takes_more_time_than_its_size(
    path: str, field: str, app: Flask, acme: Person
) -> None:
    page, _, size = FORMS[path]
    browser = acme.browser() if path.startswith("/user") else Browser(app.test_client())

    def send(text: str) -> int:
        return browser.submit(path, page, htmx=False, **{field: text}).status_code

    check(send, size, len("%CC%81"))


@pytest.mark.parametrize(
    ("path", "field"), [(path, field) for path, found in CALLS.items() for field in found]
)
def test_no_field_of_a_body_takes_more_time_than_its_size(path: str, field: str, acme: Person) -> None:
    api = acme.api()

    def send(text: str) -> int:
        return api.open("POST", path, data=json.dumps({field: text}, ensure_ascii=False).encode()).status_code

    check(send, MAX_BODY, 2)


def test_many_fields_of_one_name_take_no_time(acme: Person) -> None:
    api = acme.api()

    def send(form: str) -> int:
        return api.open("POST", "/pages/acme/incidents", data=form, content_type=FORM).status_code

    forms = {count: urlencode([("name", "a")] * count) for count in (MAX_FIELDS, MAX_FIELDS + 1, 9_900)}
    assert [send(form) for form in forms.values()] == [422, 400, 413]
    assert cpu(lambda: send(forms[9_900])) < 1  # without a bound, they take nine


def test_a_form_with_more_fields_than_any_has_is_refused(acme: Person) -> None:
    answer = acme.browser().client.post("/user/pages", data="a=1&" * 1_001, content_type=FORM)
    assert (answer.status_code, "at most 1,000 fields" in answer.text) == (413, True)


@pytest.mark.parametrize(
    "path", ["/login", "/register", "/setup", "/user/security/api-keys", "/user/security/password"]
)
def test_what_strangers_may_send_is_small(path: str, acme: Person) -> None:
    answer = acme.browser().client.post(path, data={"name": "a" * SMALL_BODY})
    assert (answer.status_code, "Send at most 16 kB." in answer.text) == (413, True)


@pytest.mark.parametrize("field", ["component_ids", "components"])
def test_an_incident_names_no_more_components_than_it_may(field: str, acme: Person) -> None:
    acme.api("/api/v1/pages/acme").post(
        "/incidents", 422, name="Down", **{field: [f"web-{number}" for number in range(1_001)]}
    )


def test_metadata_has_a_bound(acme: Person) -> None:
    api = acme.api("/api/v1/pages/acme")
    api.post("/incidents", 201, name="Down", metadata={"a": "b" * 9_900})
    api.post("/incidents", 422, name="Down", metadata={"a": "b" * 10_000})


def test_a_search_that_fits_no_name_finds_nothing(acme: Person) -> None:
    assert acme.api().all(f"/pages/acme/incidents?q={'a' * 256}") == []


@pytest.mark.parametrize("part", ["Bearer ", "bearer,", " ", "=", "spk_", "Bearer spk_"])
def test_a_header_takes_no_more_time_than_its_size(part: str, app: Flask) -> None:
    client, headers = app.test_client(), bearer("a") | {"Authorization": part * (8_000 // len(part))}
    assert cpu(lambda: client.get("/api/v1/whoami", headers=headers)) < 0.2


def test_more_marks_than_any_script_has_are_refused_before_they_are_put_in_order() -> None:
    assert normalize("a" + MARKS * (MAX_MARKS // 2))
    with pytest.raises(ValueError, match="too many marks"):
        normalize("a" + MARKS * MAX_MARKS)
