"""The application for a WSGI server: `gunicorn wsgi:app`. `spk serve` does this and more."""

import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from spk import config, create_app, logs
from spk.engines import close
from spk.models.accounts.pepper import check_pepper

for warning in config.warnings(os.environ):
    print(f"Warning: {warning}", file=sys.stderr)  # noqa: T201  # before there is a log
try:
    app = create_app()
    with app.app_context():
        check_pepper()
        close()
except config.ConfigError as error:
    sys.exit(f"Error: {error}")
except SQLAlchemyError as error:
    sys.exit(
        f"Error: the database can’t be used ({str(error).partition(chr(10))[0]}). Did you run `spk init`?"
    )
logs.configure()
