"""Accounts, and the keys that are theirs."""
