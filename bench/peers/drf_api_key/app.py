"""The WSGI application."""

import logging
import os

from django.core.wsgi import get_wsgi_application

logging.disable()
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
application = get_wsgi_application()
