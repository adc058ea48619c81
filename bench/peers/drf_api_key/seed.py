"""Makes the database, COUNT keys in it and a file with the header line of each: seed.py COUNT."""

import os
import sys
from pathlib import Path

import app  # noqa: F401  # importing it sets Django up
from django.core.management import call_command
from django.db import transaction
from rest_framework_api_key.models import APIKey

call_command("migrate", verbosity=0)
with transaction.atomic():
    tokens = [APIKey.objects.create_key(name=f"key {n}")[1] for n in range(int(sys.argv[1]))]
lines = [f"Authorization: Api-Key {token}\n" for token in tokens]
(Path(os.environ["PEER_DATA"]) / "headers.txt").write_text("".join(lines))
