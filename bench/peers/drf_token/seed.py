"""Makes the database, COUNT keys in it and a file with the header line of each: seed.py COUNT.

A user has one token at most, so there are as many users.
"""

import os
import sys
from pathlib import Path

import app  # noqa: F401  # importing it sets Django up
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from rest_framework.authtoken.models import Token

call_command("migrate", verbosity=0)
with transaction.atomic():
    users = [User.objects.create(username=f"user{n}") for n in range(int(sys.argv[1]))]
    tokens = [Token.objects.create(user=user).key for user in users]
lines = [f"Authorization: Token {token}\n" for token in tokens]
(Path(os.environ["PEER_DATA"]) / "headers.txt").write_text("".join(lines))
