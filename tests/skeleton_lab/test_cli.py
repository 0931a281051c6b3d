"""The command `skeleton-lab`, and the recipes that it finds in the package."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from skeleton_lab import cli
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.library import CONFIGS, find_recipe, recipes
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.studies.plan import plan
from skeleton_lab.studies.study import Study

PACKAGE = Path(cli.__file__).parent


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["skeleton-lab", *arguments])
    cli.main()


def test_help_lists_the_apps_and_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from skeleton_lab.cli import main\n"
        "sys.argv[1:] = ['--help']\n"
        "main()\n"
        "heavy = {'torch', 'pydantic', 'numpy', 'skeleton_data'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    # An app is a module of the package that can be run.
    apps = {path.stem for path in PACKAGE.glob("*.py") if "def main()" in path.read_text()} - {"cli"}
    assert cli.SUBCOMMANDS.keys() == apps
    listed = {line.split()[0] for line in ran.stdout.splitlines() if line.startswith("  ")}
    assert listed == apps


@pytest.mark.parametrize("arguments", [(), ("pretrian", "--help")])
def test_what_is_no_subcommand_is_refused_with_the_names(arguments, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert all(name in line for name in (*cli.SUBCOMMANDS, *arguments[:1]))


def test_version(monkeypatch, capsys):
    call(monkeypatch, "--version")
    assert capsys.readouterr().out.split() == ["skeleton-lab", version("skeleton-lab")]


def test_a_subcommand_is_the_app(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    for arguments in (("simple", "simple/utd-mhad"), ("compare", "nowhere"), ("predict", "nowhere", "x.npz")):
        complaints = []
        with pytest.raises(SystemExit, match="2"):
            call(monkeypatch, *arguments)
        complaints.append(capsys.readouterr().err)
        app, *rest = arguments
        ran = subprocess.run(
            [sys.executable, "-m", f"skeleton_lab.{app}", *rest], capture_output=True, text=True
        )
        assert (ran.returncode, ran.stderr) == (2, *complaints)


def test_a_file_of_the_working_folder_is_found_before_the_package_s(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packaged = CONFIGS / "pretrain" / "default.toml"
    for name in ("pretrain/default", "pretrain/default.toml", "configs/pretrain/default.toml"):
        assert find_recipe(name) == packaged
    assert find_recipe("default", "pretrain") == packaged

    own = Path("configs/pretrain/default.toml")
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert find_recipe("default", "pretrain") == find_recipe("pretrain/default") == find_recipe(own) == own
    Path("default").write_text("")
    assert find_recipe("default", "pretrain") == Path("default")


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("none", r"^none: .* in studies.*skeleton-lab recipes"),
        ("../__init__.py", r"^\.\./__init__\.py: .* in studies"),
        ("tabel1", r"^tabel1: .*table1"),
        (str(PACKAGE / "none"), rf"^{PACKAGE / 'none'}: "),
        (str(PACKAGE), rf"^{PACKAGE} is a folder"),
        ("", "empty.*skeleton-lab recipes"),
    ],
)
def test_a_recipe_that_is_nowhere_is_named(name, named):
    with pytest.raises(InputError, match=named):
        find_recipe(name, "studies")


def test_a_recipe_that_is_named_without_its_folder_is_refused_with_those_that_have_it():
    with pytest.raises(InputError, match=r"^default: .*contrast/default, finetune/default, pretrain/default"):
        find_recipe("default")


def test_the_list_of_recipes_has_whole_sentences():
    descriptions = dict(recipes())
    assert (
        descriptions["studies/labels.toml"].endswith(".")
        and descriptions["pretrain/mamp-ntu60-xsub.toml"].count("(") >= 1
    )
    assert not [name for name, sentence in descriptions.items() if sentence.endswith(("et al.", ","))]


def test_recipes_that_name_others_are_found_from_any_folder(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = (
        "--data",
        str(store),
        "--protocols",
        "odd-subjects",
        "--preset",
        "adamw_cosine",
        "--model",
        "toy",
    )
    study = read_recipe(Study, ["table4", *options], program="reproduce", folder="studies")
    commands = [run for trial in plan(study) for run in trial.runs if run.app != "evaluate"]
    assert {find_recipe(run.arguments[0]).parents[1] for run in commands} == {CONFIGS}


def test_the_list_has_each_recipe_and_show_prints_one(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    call(monkeypatch, "recipes")
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == sorted(path.relative_to(CONFIGS).as_posix() for path in CONFIGS.glob("**/*.*"))
    for name in names:
        call(monkeypatch, "recipes", "--show", name)
        assert capsys.readouterr().out == (CONFIGS / name).read_text()
    call(monkeypatch, "recipes", "--show", "table1")
    assert tomllib.loads(capsys.readouterr().out)["name"] == "table1"
