"""The router's packages, where they are installed (`make gateway`), and one federation of processes for the session."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GATEWAY = ROOT / "deploy" / "gateway"


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `deploy/gateway` beside the installed packages; LUMBUNG_NODE_MODULES may name those of another place."""
    if shutil.which("node") is None:
        pytest.skip("no node on this machine")
    modules = Path(os.environ.get("LUMBUNG_NODE_MODULES") or GATEWAY / "node_modules")
    if not (modules / "@theguild" / "federation-composition").is_dir():
        pytest.skip(f"the router's packages are not installed in {modules}: make gateway")
    folder = tmp_path_factory.mktemp("tools")
    for file in GATEWAY.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    (folder / "node_modules").symlink_to(modules.resolve())
    return folder
