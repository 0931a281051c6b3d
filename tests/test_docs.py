"""The Python examples of the READMEs and of docs/ run, print what they say, and links lead somewhere."""

import contextlib
import doctest
import importlib
import io
import re
import sys
import types
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from documents import DOCUMENTS, PRINTED, PYTHON, READMES, REPO, SHELL, Block, blocks

every_document = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


@every_document
def test_python_blocks_run(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one namespace and an empty folder; a text block behind one is what it prints."""
    monkeypatch.chdir(tmp_path)
    if document == READMES["skeleton_runtime"]:
        write_model_and_recording(tmp_path)
    if document.name == "mediapipe.md":
        stand_in_for_mediapipe(monkeypatch)
    namespace: dict[str, object] = {"__name__": "__example__"}
    printed = None
    for block in blocks(document):
        if block.kind in PYTHON:
            printed = run(block, document, namespace)
        elif block.kind in PRINTED and printed is not None:
            assert block.text == printed, f"{document}, line {block.line}"
        else:
            printed = None


def write_model_and_recording(folder: Path) -> None:
    """What readers of skeleton-runtime have: a model, and an array (T, V, 3) of somebody who waves."""
    from skeleton_data import SyntheticConfig, read_skeleton, write_synthetic

    (folder / "MODEL").symlink_to(REPO / "tests/skeleton_runtime/support/model")
    write_synthetic(SyntheticConfig(classes=1, subjects=3, views=1, repeats=1, seed=5), folder / "raw")
    np.save(folder / "wave.npy", read_skeleton(min((folder / "raw").glob("*.skeleton"))).joints)


def stand_in_for_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules in the place of mediapipe and OpenCV, as far as the page calls them: one person in a video."""
    point = types.SimpleNamespace(x=0.1, y=-0.6, z=0.2, visibility=0.9, presence=0.9, name=None)
    tracker = mock.MagicMock()
    tracker.__enter__.return_value.detect_for_video.return_value.pose_world_landmarks = [[point] * 33]
    cv2, mediapipe, tasks = mock.MagicMock(), mock.MagicMock(), mock.MagicMock()
    cv2.VideoCapture.return_value.read.side_effect = [(True, "picture")] * 4 + [(False, None)]
    cv2.VideoCapture.return_value.get.side_effect = [0.0, 33.3, 66.7, 100.0]
    tasks.vision.PoseLandmarker.create_from_options.return_value = tracker
    Path("videos").mkdir()
    Path("videos/P01_squat_1.mp4").touch()
    for name, module in {"cv2": cv2, "mediapipe": mediapipe, "mediapipe.tasks.python": tasks}.items():
        monkeypatch.setitem(sys.modules, name, module)


def test_what_the_mediapipe_page_writes_can_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from skeleton_data import ImportConfig, import_clips

    document = DOCUMENTS["docs-mediapipe"]
    monkeypatch.chdir(tmp_path)
    stand_in_for_mediapipe(monkeypatch)
    (block,) = [block for block in blocks(document) if block.kind in PYTHON]
    run(block, document, {})
    (file,) = (tmp_path / "mediapipe").iterdir()
    assert file.name == "P01_squat_1.json"
    assert import_clips(file, tmp_path / "s", ImportConfig(insist=True)).clips == 1


def run(block: Block, document: Path, namespace: dict[str, object]) -> str:
    """Run a block and return what it prints; one of `>>>` is compared with what it says instead."""
    if block.text.startswith(">>>"):
        runner = doctest.DebugRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        example = doctest.DocTestParser().get_doctest(
            block.text, namespace, document.name, str(document), block.line
        )
        runner.run(example, clear_globs=False)
        namespace.update(example.globs)
        return ""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        # The empty lines in front make a traceback name the line of the document.
        exec(compile("\n" * block.line + block.text, document, "exec"), namespace)
    return printed.getvalue()


@every_document
def test_every_block_is_of_a_kind_that_is_tested(document: Path) -> None:
    kinds = {block.kind for block in blocks(document)}
    assert kinds <= {*PYTHON, *SHELL, *PRINTED}
    assert document.read_text(encoding="utf-8").count("```") == 2 * len(blocks(document))


@pytest.mark.parametrize("readme", READMES.values(), ids=READMES)
def test_package_shows_an_example(readme: Path) -> None:
    assert any(block.kind in PYTHON for block in blocks(readme))


@every_document
def test_names_that_link_to_the_api_are_public(document: Path) -> None:
    """`sttformer.VisibleGrid`, if it links to api/sttformer.md, is a public name of sttformer."""
    labels = re.findall(
        r"\[`([\w.]+)`\]\((?:\.\./)*(?:docs/)?api/(\w+)\.md\)", document.read_text(encoding="utf-8")
    )
    for label, page in labels:
        package, _, name = label.partition(".")
        assert package == page
        assert name in importlib.import_module(package).__all__, label


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (document.parent / target).exists()] == []
