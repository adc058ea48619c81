from pathlib import Path

import pytest
from click.testing import CliRunner

from spk.cli import main
from tests.cli.output import Spk
from tests.data_dirs import make_data_dir


@pytest.fixture
def spk(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Spk:
    """The command, with the settings of this test: `spk("user", "list")`."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lambda *words, typed="": CliRunner().invoke(main, words, input=typed, prog_name="spk")


@pytest.fixture
def new_data_dir(spk: Spk, tmp_path: Path, data_dirs: list[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory in which `spk init` has not run."""
    data_dirs.append(tmp_path / "new")
    for name, value in make_data_dir(tmp_path / "new").items():
        monkeypatch.setenv(name, value)
    return tmp_path / "new"
