"""The application for a WSGI server: `gunicorn wsgi:app`; `spk serve` does this and more."""

from spk import create_app, logs
from spk.models.pepper import check_pepper

logs.configure()
app = create_app()
with app.app_context():
    check_pepper()
