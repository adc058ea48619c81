"""A private feed of the keys that end soon, for feed readers and chats."""

from feedgenerator import Atom1Feed
from flask import Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import now, reading
from spk.models.accounts.api_key import ENDS_SOON
from spk.models.accounts.ending_keys import ending_keys, feed_secret, find_feed
from spk.web import changing, public, user
from spk.web.key_words import until


@public.get("/keys.atom")
@reading()
def key_feed() -> Response:
    """The secret is in the query, which no log of spk’s has."""
    owner = find_feed(request.args.get("secret", "")) or abort(404)
    page = f"{current_app.config['BASE_URL']}{url_for('user.security')}"
    found = Atom1Feed(title="API keys that end soon", link=page, description="", author_name="spk")
    keys = ending_keys(owner)
    for key in keys:
        end = key.expires_at or now()
        found.add_item(
            title=f"“{key.name}” ends on {until(end)}",
            link=f"{page}#key-{key.prefix}",
            description=f"The API key {key.prefix}… stops working then. Replace it before.",
            unique_id=f"urn:spk:{key.prefix}:{end:%Y%m%d}",
            pubdate=end - ENDS_SOON,
            updateddate=end - ENDS_SOON,
        )
    newest = max((key.expires_at - ENDS_SOON for key in keys if key.expires_at), default=owner.created_at)
    found.latest_post_date = lambda: newest  # by default, the time of an empty feed is always now
    return Response(found.writeString("utf-8"), content_type=found.content_type)


@user.post("/security/api-keys/feed")
def renew_key_feed() -> ResponseReturnValue:
    with changing():
        current_user.feed_number += 1
        current_user.record("api_key_feed:renew")
    flash("The feed has a new address; the old one no longer works.", "api_keys")
    return redirect(url_for("user.security", _anchor="api-keys"), 303)


def key_feed_url() -> str:
    """The address of the signed-in user’s feed."""
    return f"{current_app.config['BASE_URL']}{url_for('public.key_feed', secret=feed_secret(current_user))}"
