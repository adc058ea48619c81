from tests.test_cli import spk

__all__ = ["spk"]
