"""The Email section."""

from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.models.refusal import EmailTaken, InvalidValue
from spk.web import changing, user
from spk.web.confirm import confirmed
from spk.web.forms import EmailForm
from spk.web.security import back_to, section


@user.post("/security/email")
@confirmed
def change_email() -> ResponseReturnValue:
    form = EmailForm()
    if not form.validate():
        return section("email", 422, email_form=form)
    try:
        with changing():
            current_user.change_email(form.email.data)
    except InvalidValue as refusal:
        form.email.errors = [str(refusal)]
        return section("email", 409 if isinstance(refusal, EmailTaken) else 422, email_form=form)
    return back_to("email", "From now on you sign in with this address.")
