# SPDX-License-Identifier: MIT
"""Every notebook of the examples runs from top to bottom, on made-up data, and is kept without outputs."""

import json
import os
import pathlib

import pytest

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[3] / "examples" / "notebooks"
NEEDS = {"arrow_and_duckdb": ["pandas", "pyarrow", "duckdb"],
         "emr_train_and_spark": ["pandas", "pyarrow", "sklearn", "fsspec"]}
SECONDS = 180  # a cell; the slowest starts Spark
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def test_there_are_notebooks():
    assert len(NAMES) >= 5 and set(NEEDS) <= set(NAMES)
    listed = (NOTEBOOKS / "README.md").read_text()
    assert all(f"({name}.ipynb)" in listed for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_kept_small_and_without_outputs(name):
    text = (NOTEBOOKS / f"{name}.ipynb").read_text()
    assert len(text) < 40_000
    cells = json.loads(text)["cells"]
    assert cells[0]["cell_type"] == "markdown" and cells[0]["source"][0].startswith("# ")
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
        assert all(len(line.rstrip("\n")) <= 120 for line in cell["source"])


def printed_by(name, folder, monkeypatch):
    """Runs a notebook where nothing is prepared; what it prints, cell by cell."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    for module in ["ipykernel", "matplotlib", *NEEDS.get(name, [])]:
        pytest.importorskip(module)
    (folder / "root").mkdir()
    for key, value in {"BA_DEMO_OUT": folder / "not prepared", "BA_ROOT": folder / "root", "TMPDIR": folder,
                       "PYTHONDONTWRITEBYTECODE": "1"}.items():
        monkeypatch.setenv(key, str(value))
    before = sorted(os.listdir(NOTEBOOKS))
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=SECONDS, iopub_timeout=SECONDS, kernel_name="python3",
                            resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    assert sorted(os.listdir(NOTEBOOKS)) == before  # what it writes, it writes elsewhere
    return [output.text for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
            if output.output_type == "stream" and output.name == "stdout"]


@pytest.mark.parametrize("name", NAMES)
def test_runs(name, tmp_path, monkeypatch):
    printed = printed_by(name, tmp_path, monkeypatch)
    assert printed
    if "promoters.load" in (NOTEBOOKS / f"{name}.ipynb").read_text():
        assert any("MADE-UP" in text for text in printed)  # it says so


def test_runs_without_spark(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pyspark'] = None\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    printed = printed_by("emr_train_and_spark", tmp_path, monkeypatch)
    assert any("Spark is not installed here" in text for text in printed)
