"""Fixtures for all tests. Imports neither torch nor any package: runs of one package alone use it too."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Test processes run side by side on tiny tensors. Set before torch is imported; child processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

# Where Python keeps no compiled modules, as in many containers, each process that a test starts would compile
# PyTorch's sources again: half of the time that its import takes.
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
sys.dont_write_bytecode = False

# In CI the same examples each time: a red run is then always the change's own.
settings.register_profile(
    "house", deadline=None, max_examples=25, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: begun last, one would run on when other processes have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference answers and recordings, which is not part of the project.

    A folder named by SKELETON_SHARED must be there; the default, `shared` beside the repository, need not.
    """
    named = os.environ.get("SKELETON_SHARED")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared"
    if (folder / "golden").is_dir():
        return folder.resolve()
    if named:
        pytest.fail(f"SKELETON_SHARED={named}: no folder with reference data", pytrace=False)
    pytest.skip(f"no reference data at {folder} (SKELETON_SHARED names another place)")
