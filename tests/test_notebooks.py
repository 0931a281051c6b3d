"""The notebooks of docs/ run, at toy size, and are stored without outputs."""

import ast
import json
import re
from pathlib import Path

import pytest
from documents import REPO

NOTEBOOKS = {path.stem: path for path in sorted(REPO.glob("docs/notebooks/*.ipynb"))}
TOY = {
    "your-own-poses": {"subjects": 3, "pretraining_steps": 2, "finetuning_steps": 2, "labels_per_class": 2},
    "what-pretraining-learns": {"subjects": 6, "pretraining_steps": 3},
}
"""What takes the place of the values in the cell that is tagged `parameters`."""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__notebook__"}
    for number, cell in enumerate(json.loads(NOTEBOOKS[name].read_text(encoding="utf-8"))["cells"]):
        assert not cell.get("outputs") and not cell.get("execution_count"), f"cell {number} has outputs"
        if cell["cell_type"] == "code":
            run("".join(cell["source"]), f"{name}, cell {number}", namespace)
        if "parameters" in cell["metadata"].get("tags", ()):
            assert namespace.keys() >= TOY[name].keys()
            namespace.update(TOY[name])


def run(source: str, name: str, namespace: dict[str, object]) -> None:
    """Run a cell and draw the picture that it ends with, as Jupyter does."""
    cell = ast.parse(source, name)
    last = ast.Expression(cell.body.pop().value) if isinstance(cell.body[-1], ast.Expr) else None
    exec(compile(cell, name, "exec"), namespace)
    if last:
        value = eval(compile(last, name, "eval"), namespace)
        getattr(value, "_repr_png_", lambda: None)()


@pytest.mark.parametrize("notebook", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_links_of_notebooks_lead_somewhere(notebook: Path) -> None:
    text = "".join(
        "".join(cell["source"])
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
    targets = re.findall(r"\]\((?!\w+:)([^)#\s]+)", text)
    assert [target for target in targets if not (notebook.parent / target).exists()] == []
