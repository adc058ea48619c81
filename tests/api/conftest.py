import pytest
from _pytest.nodeid import coerce_node_id


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the test of each operation its own name: of several with one name, xdist runs a single one.

    The one that looks at what all the others did comes last, whatever order they are in.
    """
    items.sort(key=lambda item: item.name == "test_every_operation_was_tried_in_earnest")
    for item in items:
        if label := getattr(item, "operation_label", None):
            item._id = coerce_node_id(f"{item.nodeid}[{label}]")
