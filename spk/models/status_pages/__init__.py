"""Status pages, and what is on them."""
