"""Status pages with their components and incidents."""
