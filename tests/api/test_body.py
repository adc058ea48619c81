"""What published clients send, and what nobody should: how bodies, addresses and queries are read."""

import json
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.people import Api, Json, body

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def form(acme: Api, data: str, path: str = "/incidents", method: str = "POST") -> Json:
    response = acme.open(method, path, data=data, content_type=FORM)
    assert response.status_code in (200, 201), response.text
    return body(response)


@pytest.mark.parametrize("suffix", ["", ".json"])
@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "bare"])
@pytest.mark.parametrize("kind", ["json", "form", "multipart"])
def test_a_body_may_be_json_or_a_form_in_a_wrapper_or_bare(
    kind: str, wrapped: bool, suffix: str, acme: Api
) -> None:
    fields = {"name": "Down", "status": "identified", "body": "Käse & “Brot” + 100 %"}
    if kind == "json":
        sent: dict[str, object] = {"json": {"incident": fields} if wrapped else fields}
    else:
        data = {f"incident[{name}]": value for name, value in fields.items()} if wrapped else fields
        sent = {"data": data, "content_type": "multipart/form-data" if kind == "multipart" else FORM}
    response = acme.open("POST", f"/incidents{suffix}", **sent)
    assert response.status_code == 201, response.text
    (update,) = body(response)["incident_updates"]
    assert (update["status"], update["body"]) == (fields["status"], fields["body"])


@pytest.mark.parametrize("content_type", [FORM, "text/plain", "application/xml", "", None, "nonsense"])
def test_json_is_read_under_any_content_type(content_type: str | None, acme: Api) -> None:
    sent = ' \n{"component": {"status": "major_outage", "description": "a=b&c=d"}}'
    response = acme.open("PATCH", "/components/web", data=sent, content_type=content_type)
    assert response.status_code == 200, response.text
    assert (body(response)["status"], body(response)["description"]) == ("major_outage", "a=b&c=d")


def test_a_form_is_read_under_any_content_type_but_that_of_json(acme: Api) -> None:
    for content_type in (FORM, "text/plain", "nonsense", None):
        response = acme.open("PATCH", "/components/web", data="name=Shop", content_type=content_type)
        assert (response.status_code, body(response)["name"]) == (200, "Shop"), content_type
    assert acme.open("PATCH", "/components/web", data="name=Shop", content_type=JSON).status_code == 400


@pytest.mark.parametrize("data", ["", "rubbish", '{"a": 1}', "a=1"])
def test_a_body_under_get_or_delete_is_no_matter(data: str, acme: Api) -> None:
    for content_type in (JSON, FORM, "multipart/form-data", "nonsense", None):
        acme.post("/components", name="Mail")
        assert acme.open("GET", "/components.json", data=data, content_type=content_type).status_code == 200
        deleted = acme.open("DELETE", "/components/mail", data=data, content_type=content_type)
        assert deleted.status_code == 204


def test_every_address_may_end_in_json(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    for path in ("", "/components", "/components/web", "/incidents", "/incidents/down"):
        assert acme.open("GET", f"{path}.json").data == acme.open("GET", path).data
    for path in ("unresolved", "scheduled", "upcoming", "active_maintenance"):
        acme.all(f"/incidents/{path}.json")
    acme.get("/components/web.json.json", 404)
    assert acme.open("DELETE", "/components/web.json").status_code == 204


@pytest.mark.parametrize(
    "data",
    [
        "name=x&component_ids[]=web&component_ids[]=db",
        "incident[name]=x&incident[component_ids][]=web&incident[component_ids][]=db",
        "incident%5Bname%5D=x&incident%5Bcomponent_ids%5D%5B%5D=web&incident%5Bcomponent_ids%5D%5B%5D=db",
        "name=x&component_ids[0]=web&component_ids[1]=db",
        "name=x&components[]=web&components[]=db",
        "name=x&component_ids=web&components[]=db",
        "name=x&component_ids[]=web&component_ids[]=&components[]=db&components[]=",
        "name=x&components[web]=operational&components[db]=operational",
        "incident[name]=x&incident[components][web]=operational&incident[component_ids][]=db",
    ],
)
def test_brackets_name_components(data: str, acme: Api) -> None:
    assert {component["name"] for component in form(acme, data)["components"]} == {"Web", "Db"}


def test_brackets_set_the_status_of_a_component_by_its_id(acme: Api) -> None:
    web = acme.get("/components/web")["id"]
    incident = form(acme, f"incident[name]=Down&incident[components][{web}]=degraded_performance")
    assert incident["impact"] == "minor"
    assert acme.get("/components/web")["status"] == "degraded_performance"


def test_brackets_set_the_status_of_a_component_whose_slug_is_a_number(acme: Api) -> None:
    acme.post("/components", name="3")
    form(acme, "name=Down&components[3]=major_outage")
    assert acme.get("/components/3")["status"] == "major_outage"


def test_brackets_fill_metadata(acme: Api) -> None:
    data = "name=x&metadata[jira][issue_id]=A-1&metadata[jira][tags][]=a&metadata[jira][tags][]=b"
    assert form(acme, data)["metadata"] == {"jira": {"issue_id": "A-1", "tags": ["a", "b"]}}


def test_a_message_is_a_body(acme: Api) -> None:
    assert form(acme, "incident[name]=x&incident[message]=Hi")["incident_updates"][0]["body"] == "Hi"
    incident = acme.patch("/incidents/x", message="Ho")
    assert incident["incident_updates"][0]["body"] == "Ho"
    assert acme.patch("/incidents/x", body="B", message="M")["incident_updates"][0]["body"] == "B"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *((word, True) for word in ("t", "true", "True", "1", "on", "yes")),
        *((word, False) for word in ("f", "false", "False", "0", "off", "no")),
    ],
)
def test_a_form_says_yes_and_no_in_several_words(word: str, meant: bool, acme: Api) -> None:
    changed = form(acme, f"component[only_show_if_degraded]={word}", "/components/web", "PATCH")
    assert changed["only_show_if_degraded"] is meant


def test_json_says_yes_and_no_in_its_own_words_only(acme: Api) -> None:
    acme.patch("/components/web", 422, showcase="t")
    assert acme.patch("/components/web", showcase=False)["showcase"] is False


def test_an_empty_value_in_a_form_is_not_given(acme: Api) -> None:
    acme.patch("/components/web", status="partial_outage", position=7)
    data = "component[name]=Shop&component[status]=&component[position]=&component[start_date]="
    changed = form(acme, data, "/components/web", "PATCH")
    assert (changed["name"], changed["status"], changed["position"]) == ("Shop", "partial_outage", 7)


@pytest.mark.parametrize("sign", ["+", "%2B"])
def test_the_plus_of_an_offset_may_get_lost_on_the_way(sign: str, acme: Api) -> None:
    data = (
        f"name=x&scheduled_for=2099-07-01T12:00:00{sign}02:00&scheduled_until=2099-07-01T14:00:00{sign}02:00"
    )
    incident = form(acme, data)
    assert incident["scheduled_for"] == "2099-07-01T10:00:00.000+00:00"
    assert incident["scheduled_until"] == "2099-07-01T12:00:00.000+00:00"


def test_a_form_changes_no_text_that_only_looks_like_a_time(acme: Api) -> None:
    incident = form(acme, "name=Gate T5 10:30&body=Moves to T7 11:45")
    assert incident["name"] == "Gate T5 10:30"
    assert incident["incident_updates"][0]["body"] == "Moves to T7 11:45"


@pytest.mark.parametrize("twice", ["name=A&name=B", "component[name]=A&component[name]=B"])
def test_a_field_that_a_form_has_twice_is_refused(twice: str, acme: Api) -> None:
    response = acme.open("POST", "/components", data=twice, content_type=FORM)
    assert (response.status_code, list(body(response)["fields"])) == (422, ["name"])


@pytest.mark.parametrize("path", ["/components", "/incidents"])
def test_unknown_fields_are_ignored(path: str, acme: Api) -> None:
    made = acme.post(path, name="X", id="mine", page_id="x", created_at=0, user_id=7, resolved_at="x", foo={})
    assert made["id"] != "mine"
    assert "foo" not in made


NO_JSON: list[str | bytes] = [
    "",
    " ",
    "null",
    "true",
    "7",
    '"text"',
    "{",
    "[",
    '{"name"',
    "{'name': 'x'}",
    '{"name": "x"} {}',
    '{"name": "x",}',
    '{"name": NaN}',
    '{"name": "x", "metadata": {"a": NaN}}',
    '{"name": "x", "metadata": {"a": Infinity}}',
    '{"name": "x", "metadata": {"a": 1e999}}',
    '{"name": "\\ud800"}',
    '{"name": "\\udfff\\ud800"}',
    '{"\\ud800": 1}',
    '{"name": "a\nb"}',
    "[" * 60_000,
    '{"a":' * 10_000,
    '{"metadata": {"a": ' + "9" * 5000 + "}}",
    b'{"name": "\xff"}',
    b"\xff\xfe{\x00}\x00",
    b"{\x00",
]


def test_what_is_no_json_cannot_be_read(acme: Api) -> None:
    for data in NO_JSON:
        for method, path in (("POST", "/incidents"), ("PATCH", "/components/web"), ("PATCH", "")):
            response = acme.open(method, path, data=data, content_type=JSON)
            assert response.status_code == 400, (data[:60], response.text)
            assert body(response)["code"] == "invalid_request"
            assert response.content_type == "application/problem+json"
    assert acme.all("/incidents") == []


@pytest.mark.parametrize("data", ["", "rubbish", "=", "&&&", '"name=x"'])
def test_what_is_no_form_is_refused(data: str, acme: Api) -> None:
    for content_type in (FORM, "multipart/form-data", "multipart/form-data; boundary=x", "text/plain", None):
        response = acme.open("POST", "/incidents", data=data, content_type=content_type)
        assert response.status_code in (400, 422), (content_type, response.text)


@pytest.mark.parametrize("inside", [None, [], ["x"], "x", 7, True, 1.5], ids=str)
def test_a_wrapper_holds_an_object(inside: object, acme: Api) -> None:
    for wrapper, method, path in (
        ("incident", "POST", "/incidents"),
        ("component", "PATCH", "/components/web"),
        ("page", "PATCH", ""),
    ):
        problem = body(acme.open(method, path, json={wrapper: inside}))
        assert (problem["status"], list(problem["fields"])) == (422, [wrapper])


@pytest.mark.parametrize("sent", [[], ["x"], [{"name": "x"}]], ids=str)
def test_a_list_is_no_object(sent: object, acme: Api) -> None:
    assert acme.open("POST", "/incidents", json=sent).status_code == 422


def test_the_wrapper_of_another_thing_is_no_wrapper(acme: Api) -> None:
    assert list(acme.post("/incidents", 422, component={"name": "x"})["fields"]) == ["name"]


STRANGE: list[object] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    -(10**30),
    1e308,
    "",
    "\x00",
    "\u202e",
    "9" * 5000,
    [],
    [[]],
    [None],
    [{}],
    {},
    {"": None},
    {"web": {}},
    {"\x00": "operational"},
    {"a" * 5000: "operational"},
]
FIELDS = {
    "/incidents": (
        *("name", "slug", "status", "impact_override", "body", "message", "component_ids", "metadata"),
        *("deliver_notifications", "scheduled_for", "scheduled_until", "duration_minutes", "components"),
    ),
    "/components": (
        *("name", "slug", "description", "status", "position", "showcase"),
        *("only_show_if_degraded", "start_date"),
    ),
}


@pytest.mark.parametrize(("path", "field"), [(path, field) for path in FIELDS for field in FIELDS[path]])
def test_no_value_of_a_field_is_an_error_of_ours(path: str, field: str, acme: Api) -> None:
    for value in STRANGE:
        response = acme.open("POST", path, json={"name": "x", field: value})
        assert response.status_code in (201, 422), (value, response.text)
    acme.all(path)


@pytest.mark.parametrize("field", ["name", "slug", "description", "time_zone"])
def test_no_value_of_a_pages_field_is_an_error_of_ours(field: str, acme: Api) -> None:
    page = f"/{acme.get()['id']}"
    acme.root = "/api/v1/pages"
    for value in STRANGE:
        response = acme.open("PATCH", page, json={field: value})
        assert response.status_code in (200, 422), (value, response.text)


@pytest.mark.parametrize("depth", [50, 150, 199])
def test_deep_metadata_that_is_taken_can_be_read_again(depth: int, acme: Api) -> None:
    sent = '{"name": "x", "metadata": {"a": ' + "[" * depth + "]" * depth + "}}"
    response = acme.open("POST", "/incidents", data=sent, content_type=JSON)
    if response.status_code == 201:
        assert acme.all("/incidents")[0]["metadata"] == json.loads(sent)["metadata"]
    assert response.status_code in (201, 400)


ODD = [
    *("99999999999999999999", "0", "-1", "%00", "web%00", "%0a", "%FF", "%ED%A0%80", "%25", "%2e%2e", "''"),
    *("%F0%9F%9A%80", "null", "{}", "web%20", "Web", "*", "a" * 5000, "%E2%80%AE", "1e999", "NaN"),
]


def test_no_address_is_an_error_of_ours(acme: Api, client: FlaskClient) -> None:
    pages = Api(client, acme.token, "/api/v1/pages")
    for part in ODD:
        for path in (f"/components/{part}", f"/incidents/{part}"):
            for method in ("GET", "PATCH", "PUT", "DELETE"):
                assert acme.open(method, path, json={"name": "x"}).status_code == 404, part
        for rest in ("", "/components", "/incidents", "/incidents/unresolved", "/components/web"):
            assert pages.open("GET", f"/{part}{rest}").status_code == 404, part
        assert client.get(f"/p/{part}/api/v2/summary.json").status_code == 404, part


def test_no_query_is_an_error_of_ours(acme: Api, client: FlaskClient) -> None:
    for part in ODD:
        assert acme.open("GET", f"/incidents?q={part}").status_code == 200
        for name in ("page", "per_page", "limit"):
            assert acme.open("GET", f"/incidents?{name}={part}").status_code in (200, 422)
        assert acme.open("GET", f"/incidents?{part}={part}").status_code == 200
        assert client.get(f"/api/v2/summary.json?{part}={part}").status_code == 200


def test_a_search_for_what_no_name_can_hold_finds_nothing(acme: Api) -> None:
    acme.post("/incidents", name="Down")
    assert acme.all("/incidents?q=%00") == []


KEYS = st.lists(
    st.sampled_from(
        ["incident", "[", "]", "[]", "name", "metadata", "components", "web", "0", "1001", ".", "%00"]
    ),
    min_size=1,
    max_size=6,
).map("".join)
VALUES = st.sampled_from(
    ["", "x", "t", "[", "{", "%00", "%ff", "nan", "1e999", "9" * 30, "-1", "resolved", "%ED%A0%80"]
)


@settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(KEYS, VALUES), max_size=4))
def test_no_form_is_an_error_of_ours(acme: Api, pairs: list[tuple[str, str]]) -> None:
    data = "&".join(f"{name}={value}" for name, value in [("name", "x"), *pairs])
    response = acme.open("PATCH", "/components/web", data=data, content_type=FORM)
    assert response.status_code in (200, 400, 422), (data, response.text)
    response = acme.open("POST", "/incidents", data=f"status=resolved&{data}", content_type=FORM)
    assert response.status_code in (201, 400, 422), (data, response.text)


def test_a_file_in_a_form_is_no_field(acme: Api) -> None:
    data = {"name": "Down", "body": (BytesIO(b"We look."), "body.txt")}
    response = acme.open("POST", "/incidents", data=data, content_type="multipart/form-data")
    assert (response.status_code, body(response)["incident_updates"][0]["body"]) == (201, "")


def test_a_body_that_is_too_large_is_refused(acme: Api) -> None:
    response = acme.open("POST", "/incidents", data=b" " * 2**21, content_type=JSON)
    assert (response.status_code, body(response)["code"]) == (413, "content_too_large")


def test_a_form_may_be_in_latin_1_as_windows_powershell_sends_it(acme: Api) -> None:
    response = acme.open("POST", "/incidents", data=b"incident[name]=D\xe9ploiement", content_type=FORM)
    assert body(response)["name"] == "Déploiement"


def test_json_may_begin_with_a_byte_order_mark(acme: Api) -> None:
    assert acme.open("POST", "/incidents", data=b'\xef\xbb\xbf{"name": "Slow"}').status_code == 201


@pytest.mark.parametrize("wrapper", ["componet", "incident"])
def test_a_body_in_another_wrapper_is_refused_and_not_ignored(wrapper: str, acme: Api) -> None:
    for sent in ({"json": {wrapper: {"status": "major_outage"}}}, {"data": {f"{wrapper}[status]": "x"}}):
        response = acme.open("PATCH", "/components/web", **sent)
        assert response.status_code == 422
        assert body(response)["fields"] == {
            "component": ["Put the fields into “component”, or send them bare."]
        }
