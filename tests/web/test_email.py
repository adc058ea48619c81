"""The Email section: the address that somebody signs in with."""

import pytest

from tests.people import PASSWORD, Browser, Person

PATH = "/user/security/email"


def sign_in(browser: Browser, email: str) -> int:
    return browser.submit("/login", page="/login", email=email, password=PASSWORD).status_code


def test_an_address_is_changed_by_its_owner_who_is_asked_again(ada: Person, browser: Browser) -> None:
    owner = ada.browser()
    ada.forget_proof()
    assert owner.submit(PATH, email="New@Example.com").status_code == 403
    assert (sign_in(browser, "new@example.com"), sign_in(browser, ada.email)) == (422, 302)
    owner = ada.browser()
    assert owner.submit(PATH, email="New@Example.com").status_code == 303
    page = owner.get("/user/security").text
    assert "From now on you sign in with this address." in page
    assert "Changed the email address, which was “ada@example.com”" in page
    browser.submit("/logout")
    assert (sign_in(browser, ada.email), sign_in(browser, "new@example.com")) == (422, 302)


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("", 422, "Enter an email address, like ada@example.com."),
        ("nobody", 422, "Enter an email address, like ada@example.com."),
        ("x" * 5_000 + "@example.com", 422, "Enter an email address, like ada@example.com."),
        ("a\0@example.com", 422, "Enter an email address, like ada@example.com."),
        (" ADA@example.com ", 422, "This is your address already."),
        ("eve@example.com", 409, "There is an account with this email already."),
    ],
)
def test_an_address_that_does_not_fit_changes_nothing(
    typed: str, status: int, words: str, ada: Person, browser: Browser
) -> None:
    answer = ada.browser().submit(PATH, email=typed)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert sign_in(browser, ada.email) == 302


def test_the_longest_address_is_changed_and_told(ada: Person) -> None:
    browser = ada.browser()
    longest = "a" * (254 - len("@example.com")) + "@example.com"
    assert browser.submit(PATH, email=longest).status_code == 303
    assert browser.submit(PATH, email=ada.email).status_code == 303
    assert f"which was “{longest[:200]}”" in browser.get("/user/security").text
