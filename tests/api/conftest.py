import pytest
from _pytest.nodeid import coerce_node_id


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the test of each operation its own name: of several with one name, xdist runs a single one."""
    for item in items:
        if label := getattr(item, "operation_label", None):
            item._id = coerce_node_id(f"{item.nodeid}[{label}]")
