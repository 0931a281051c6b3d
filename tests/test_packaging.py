"""Each package's wheel and source archive hold what they should and nothing else."""

import importlib
import os
import re
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import hatchling.build
import pytest
import yaml
from packaging.requirements import Requirement

REPO = Path(__file__).parents[1]
PACKAGES = sorted(path.parent for path in REPO.glob("packages/*/pyproject.toml"))


@dataclass(frozen=True)
class Built:
    """A package folder and the archives made from it."""

    folder: Path
    wheel: Path
    sdist: Path

    @property
    def project(self) -> dict:
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    @property
    def sources(self) -> set[str]:
        """Files under src/, as a wheel names them, without what tools leave there."""
        source = self.folder / "src"
        # skeleton-lab's configs are a link to those of the repository.
        walk = os.walk(source, followlinks=True)
        names = (Path(folder, file).relative_to(source) for folder, _, files in walk for file in files)
        return {
            name.as_posix()
            for name in names
            if not any(part == "__pycache__" or part.startswith(".") for part in name.parts)
        }

    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return message_from_bytes(archive.read(name))


def build(folder: Path, out: Path) -> Built:
    """Through the standard build hooks (PEP 517), as pip would."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        wheel, sdist = hatchling.build.build_wheel(str(out)), hatchling.build.build_sdist(str(out))
    finally:
        os.chdir(before)
    return Built(folder, out / wheel, out / sdist)


@pytest.fixture(scope="module", params=PACKAGES, ids=lambda path: path.name)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(request.param, tmp_path_factory.mktemp(request.param.name))


def wheel_names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def sdist_names(sdist: Path) -> set[str]:
    """File names in a source archive, without its one top folder."""
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}


def test_wheel_holds_the_sources_and_the_licence(built: Built) -> None:
    names = wheel_names(built.wheel)
    info = {name for name in names if ".dist-info/" in name}
    assert names - info == built.sources
    assert f"{built.folder.name.replace('-', '_')}/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in info)


def test_sdist_holds_the_sources_and_nothing_stray(built: Built) -> None:
    about = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO"}
    names = {name for name in sdist_names(built.sdist) if not name.startswith("docs/")}
    assert names - {".gitignore"} == about | {f"src/{name}" for name in built.sources}


def test_sdist_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert wheel_names(build(unpacked, tmp_path).wheel) == wheel_names(built.wheel)


def test_metadata(built: Built) -> None:
    metadata = built.metadata()
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert not [value for value in metadata.get_all("Requires-Dist") if Requirement(value).url]


def test_version_is_an_attribute(built: Built) -> None:
    package = importlib.import_module(built.folder.name.replace("-", "_"))
    assert package.__version__ == built.project["version"]


def test_authors_and_addresses_are_those_of_the_citation(built: Built) -> None:
    citation = yaml.safe_load((REPO / "CITATION.cff").read_text(encoding="utf-8"))
    assert built.project["authors"] == [{"name": author["name"]} for author in citation["authors"]]
    (paper,) = (one["value"] for one in citation["preferred-citation"]["identifiers"])
    urls = built.project["urls"]
    assert urls["Homepage"] == f"https://arxiv.org/abs/{paper.removeprefix('arXiv:')}"
    assert urls.get("Repository") == citation.get("repository-code")


def test_version_has_an_entry_in_the_changelog(built: Built) -> None:
    changelog = (built.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(built.project['version'])}\b", changelog, flags=re.MULTILINE)


def test_siblings_are_wanted_in_a_range_that_holds_their_version(built: Built) -> None:
    versions = {}
    for folder in PACKAGES:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        versions[project["name"]] = project["version"]
    for requirement in map(Requirement, built.project["dependencies"]):
        if requirement.name in versions:
            assert {spec.operator for spec in requirement.specifier} == {">=", "<"}, requirement
            assert versions[requirement.name] in requirement.specifier, requirement


def test_licence_is_the_repository_s(built: Built) -> None:
    assert (built.folder / "LICENSE").read_bytes() == (REPO / "LICENSE").read_bytes()
