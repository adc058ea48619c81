from flask.testing import FlaskClient

from tests.cast import Person, bearer, token_in


def test_flow(ada: Person, client: FlaskClient) -> None:
    page = ada.browser().create_key("CI")
    assert page.status_code == 201
    token = token_in(page.text)
    assert client.get("/api/v1/whoami", headers=bearer(token)).status_code == 200
