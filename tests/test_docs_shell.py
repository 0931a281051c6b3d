"""Shell examples of READMEs and docs/ run, in small, and print what they say; see support/toy_shell.py."""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from documents import DOCUMENTS, PRINTED, REPO, SHELL, blocks

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")

GIVEN = {
    "docs-evaluate-and-predict": {
        "data/store": "ntu",
        **dict.fromkeys(("runs/tuned", "runs/joint", "runs/bone", "runs/motion"), "tuned"),
        **{f"runs/tuned-seed{seed}": "tuned" for seed in range(3)},
        "runs/pretrained": "pretrained",
    },
    "docs-examine-encoders": {"data/store": "ntu", "runs/pretrained": "pretrained"},
    "docs-paper": {"data/ntu60": "ntu", "runs/pretrain/paper-ntu60-xsub": "pretrained"},
    **{
        name: {"data/utd-mhad": "kinect", "data/msrc12": "other"}
        for name in ("docs-reproduce", "docs-results-diagnostics", "docs-scale-out")
    },
    "docs-train": {
        **{"data/utd-mhad": "kinect", "data/msrc12": "other", "data/mine": "kinect"},
        "data/bnr2": "takes",
    },
    "docs-results-ablations": {"data/utd-mhad": "kinect", "data/msrc12": "other", "data/bnr2": "takes"},
}
"""What readers of a document have, besides the files that all of them name: places, and what is there."""

MADE = ("ntu", "kinect", "other", "takes", "pretrained", "tuned")
"""What is made once, and copied to the places of a document."""

WITH_SHELL = {
    name: path for name, path in DOCUMENTS.items() if any(block.kind in SHELL for block in blocks(path))
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that documents name, two stores, and two runs barely trained."""
    from toy_files import write_files
    from toy_shell import run_blocks

    folder = tmp_path_factory.mktemp("documents")
    for name in ("apps", "configs", "packages"):
        (folder / name).symlink_to(REPO / name)
    write_files(folder)
    code, printed = run_blocks(
        [
            "skeleton-data prepare nturgb+d_skeletons ntu",
            "skeleton-data import utd_mhad.npz kinect --layout kinect_v1",
            "skeleton-data import msrc12.npz other --layout kinect_v1",
            "skeleton-data import bnr2.npz takes --layout configs/layouts/bandai_namco.toml --label style "
            "--setup content --replication take",
            f"""python apps/pretrain.py configs/pretrain/default.toml --folder pretrained \
                --data.sources '[{{"store": "{folder}/ntu", "protocol": "odd-subjects"}}]'""",
            f"""python apps/finetune.py configs/finetune/default.toml --folder tuned --pretrained pretrained \
                --data.store {folder}/ntu --data.protocol odd-subjects""",
        ],
        folder,
    )
    assert code == 0, printed
    return folder


def prepared(folder: Path, made: Path, document: str) -> Path:
    """A folder as the reader of a document has it."""
    given = GIVEN.get(document, {})
    for path in made.iterdir():
        if path.name not in (*MADE, "stdin", "bash-errors"):
            (folder / path.name).symlink_to(path)
    for place, what in given.items():
        shutil.copytree(made / what, folder / place)
    return folder


# The recipes of the paper have more loading processes than a small machine has cores.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("document", WITH_SHELL)
def test_shell_blocks_run(document: str, made: Path, tmp_path: Path) -> None:
    from toy_shell import run_blocks

    found = blocks(WITH_SHELL[document])
    texts = [block.text for block in found if block.kind in SHELL]
    code, printed = run_blocks(texts, prepared(tmp_path, made, document))
    assert code == 0, printed
    for before, block in pairwise(found):
        if block.kind in PRINTED and before.kind in SHELL:
            for line in block.text.splitlines():
                assert re.search(pattern(line), printed, flags=re.MULTILINE), f"{line}\n{printed}"


def pattern(line: str) -> str:
    """A line of a text block as a pattern: words in capitals stand for others, dots for more of the same."""
    return f"^{re.sub('[A-Z]{2,}', '.+', re.escape(line).replace(re.escape(', ...'), '.*'))}$"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("python apps/pretrain.py configs/pretrain/kinect-v1.toml --mask.joint_ration 0.6", "joint_ration"),
        ("python apps/pretrain.py configs/pretrain/missing.toml", "no such recipe"),
        ("python apps/pretrian.py configs/pretrain/kinect-v1.toml", "pretrian.py: no such file"),
        ("for seed in 0 1; do\n    python apps/compare.py runs/none-$seed\ndone", "runs/none-0"),
        ("accelerate launch --num_processses 2 apps/pretrain.py configs/pretrain/kinect-v1.toml", "process"),
        ("accelerate launch --config_file configs/accelerate/none.yaml apps/pretrain.py X", "none.yaml"),
        ("skeleton-data imprt mine.npz mine.store", "imprt"),
        ("echo '[]' | python apps/predict.py runs/missing --live", "runs/missing"),
        ("python -m hatch run dmo", "no script dmo"),
        ("hatch run docs:bild", "no script docs:bild"),
        ("pip install ./packages/missing", "missing"),
        ('pip install "./packages/skeleton-data[torhc]"', "torhc"),
        ("pip install sttformer", "sttformer: not published"),
        ("pip install ./packages/skeletonmae ./packages/sttformer", "does not find skeleton-mask"),
        ('pip install "sttformer @ git+URL#subdirectory=packages/stt"', "subdirectory packages/sttformer"),
        ("pip install --find-links dist sttfromer", "sttfromer"),
        ("sbatch configs/accelerate/missing.slurm", "missing.slurm"),
        ("skeleton_data info data/store", "command not found"),
    ],
)
def test_mistakes_are_found(text: str, complaint: str, made: Path, tmp_path: Path) -> None:
    from toy_shell import run_blocks

    code, printed = run_blocks([text], prepared(tmp_path, made, ""))
    assert code != 0
    assert complaint in printed
