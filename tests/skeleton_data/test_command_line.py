"""The command line: from synthetic recordings to a verified store, and one line for whatever is wrong."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import skeleton_data
from skeleton_data.cli.main import main
from skeleton_data.store.store import SkeletonStore

COMMANDS = ["synth", "prepare", "import", "verify", "info", "split", "export", "draw"]


def fails(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Runs a command that must end with exit code 2 and one line; returns the line."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == 2
    captured = capsys.readouterr()
    # A progress bar may have begun before the line, and argparse prints the usage before it.
    line = captured.err.splitlines()[-1]
    assert re.match(r"skeleton-data( \w+)?: error: ", line), captured.err
    assert "Traceback" not in captured.err
    return line


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synth") / "raw"
    main(
        [
            "synth",
            str(folder),
            "--classes",
            "2",
            "--subjects",
            "2",
            "--views",
            "1",
            "--repeats",
            "1",
            "--seed",
            "3",
        ]
    )
    return folder


def test_from_synthetic_recordings_to_a_store(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(raw.glob("*.skeleton"))
    assert len(files) == 4
    main(["verify", str(raw), "--workers", "1"])
    assert "4 of 4 recordings can be used" in capsys.readouterr().out
    main(["prepare", str(raw), str(tmp_path / "s"), "--workers", "1"])
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 's'}: 4 clips\n"
    assert "4/4" in captured.err
    store = SkeletonStore.open(tmp_path / "s")
    assert [store.name(clip) for clip in range(4)] == [file.stem for file in files]
    assert len(store.class_names) == 2
    main(["verify", str(tmp_path / "s")])
    assert "4 clips, all checksums right" in capsys.readouterr().out
    main(["info", str(tmp_path / "s")])
    out = capsys.readouterr().out
    assert re.search(r"^clips +4$", out, re.MULTILINE)
    assert re.search(r"^layout +ntu, 25 joints$", out, re.MULTILINE)
    assert ", ".join(store.class_names) in out
    main(["info", "ntu"])
    of_layout = capsys.readouterr().out.splitlines()
    assert of_layout[1].split(maxsplit=1)[1] == ", ".join(store.layout.joints)
    assert set(of_layout) <= set(out.splitlines())  # a store has the same two lines


def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    positions = 0.3 * np.random.default_rng(0).normal(size=(9, 25, 3))
    np.savez(tmp_path / "mine.npz", positions=positions, offsets=[0, 4, 9], action=[0, 1], who=[1, 2])
    store = tmp_path / "s"
    options = ["--layout", "ntu", "--units", "m", "--fps", "30", "--label", "action", "--subject", "who"]
    main(["import", str(tmp_path / "mine.npz"), str(store), *options])
    out = capsys.readouterr().out
    assert out.startswith(f"{store}: 2 clips\n")
    assert "30 frames per second" in out and "labelled: 2 of 2 clips" in out
    assert SkeletonStore.open(store).index.label.tolist() == [0, 1]
    np.testing.assert_array_equal(SkeletonStore.open(store).read(1)[:, 0], positions[4:].astype(np.float32))


def test_bad_files_are_listed_skipped_and_reported(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(raw, tmp_path / "raw")
    bad = sorted((tmp_path / "raw").glob("*.skeleton"))[:2]
    bad[0].write_text("")
    bad[1].write_text("2\n1\nx")
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(tmp_path / "raw"), "--workers", "1"])
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert f"{bad[0]}: the file is empty" in out
    assert f"{bad[1]}, line 3: expected the 10 tracking numbers" in out
    assert "2 of 4 recordings can be used" in out
    command = ["prepare", tmp_path / "raw", tmp_path / "s", "--workers", "1"]
    assert f"{bad[0]}: the file is empty" in fails(capsys, *command)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    main([*map(str, command), "--on-error", "skip", "--report", str(tmp_path / "bad.txt")])
    assert f"skipped: 2, listed in {tmp_path / 'bad.txt'}" in capsys.readouterr().err
    assert len((tmp_path / "bad.txt").read_text().splitlines()) == 2
    assert len(SkeletonStore.open(tmp_path / "s")) == 2


def test_data_to_import_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every bad clip of a set is listed."""
    positions = 0.3 * np.random.default_rng(0).normal(size=(9, 20, 3))
    positions[[0, 7], 3] = np.inf
    np.savez(tmp_path / "mine.npz", positions_m=positions, offsets=[0, 4, 6, 9], fps=30)
    command = ["verify", str(tmp_path / "mine.npz"), "--layout", "kinect_v1", "--workers", "1"]
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "clip 'clip000000'[0][3][0]: expected a finite number, found inf" in out
    assert "clip 'clip000002'[1][3][0]: expected a finite number, found inf" in out
    assert "1 clips can be used, 2 cannot" in out


def test_prepare_in_another_layout(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--workers", "1", "--layout", "kinect_v1", "--cleaning", "true_frames"]
    assert "--derive" in fails(capsys, "prepare", raw, tmp_path / "s", *options)
    main(["prepare", str(raw), str(tmp_path / "s"), *options, "--derive"])
    assert "derived: hip_center from spine_base" in capsys.readouterr().out
    store = SkeletonStore.open(tmp_path / "s")
    assert store.layout.name == "kinect_v1"
    assert store.meta.source["cleaning"] == "true_frames"


def test_verify_finds_a_damaged_store(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["prepare", str(raw), str(tmp_path / "s"), "--workers", "1"])
    with (tmp_path / "s" / "joints.npy").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x01\x02\x03")
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(tmp_path / "s")])
    assert ended.value.code == 1
    assert "joints.npy: damaged: its checksum" in capsys.readouterr().out


def test_bad_input_is_one_line(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none, store = tmp_path / "none", tmp_path / "s"
    assert f"{none}: no such folder" in fails(capsys, "prepare", none, store)
    assert f"{none}: no such folder" in fails(capsys, "info", none)
    assert f"{tmp_path}: not a store" in fails(capsys, "info", tmp_path)
    assert re.search("workers: .*0.*'-1'", fails(capsys, "prepare", raw, store, "--workers", "-1"))
    assert re.search("on-error: .*'stop'.*'go'", fails(capsys, "prepare", raw, store, "--on-error", "go"))
    assert "unrecognized arguments: --colour red" in fails(capsys, "prepare", raw, store, "--colour", "red")
    assert fails(capsys, "import", raw, store, "--sourse-layout", "x").endswith("is --source-layout)")
    assert "the following arguments are required: STORE" in fails(capsys, "prepare", raw)
    np.savez(tmp_path / "mine.npz", positions_m=np.zeros((2, 5, 3)), offsets=[0, 2], fps=30)
    assert "--source-layout" in fails(capsys, "import", tmp_path / "mine.npz", store)
    (tmp_path / "mine.npz").unlink()
    assert "x.npz: no such file" in fails(capsys, "import", tmp_path / "x.npz", store, "--layout", "ntu")
    assert re.search("subjects: .* 40.*'41'", fails(capsys, "synth", tmp_path / "new", "--subjects", "41"))
    assert "invalid choice: 'prepar'" in fails(capsys, "prepar")
    main(["prepare", str(raw), str(store), "--workers", "1"])
    capsys.readouterr()
    assert "--overwrite" in fails(capsys, "prepare", raw, store)
    main(["prepare", str(raw), str(store), "--workers", "1", "--overwrite"])
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--overwrite", "null"], "overwrite: "),
        (["--overwrite=maybe"], "overwrite: "),
        (["--no-derive", "None"], "no-derive: "),
        (["--fps", ""], "fps: "),
        (["--layout="], "layout: "),
    ],
)
def test_a_word_that_an_option_cannot_mean_is_refused_in_a_line_that_names_it(capsys, tmp_path, words, named):
    line = fails(capsys, "import", tmp_path / "in", tmp_path / "out", *words)
    assert line.startswith(f"skeleton-data: error: {named}")


@pytest.mark.parametrize("command", [["import", "", "out"], ["import", "in", ""], ["verify", ""]])
def test_an_empty_name_is_not_this_folder(capsys, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    assert "empty" in fails(capsys, *command)


def test_a_switch_takes_true_and_false(raw, tmp_path, capsys):
    command = ["prepare", str(raw), str(tmp_path / "s"), "--workers", "1"]
    main([*command, "--overwrite", "false"])
    main([*command, "--overwrite", "true"])
    assert "exists" in fails(capsys, *command, "--overwrite=no")


def test_the_environment_does_not_count(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("INFO", "STORE", "PREPARE", "PREPARE__WORKERS"):
        monkeypatch.setenv(variable, "7")
    main(["prepare", str(raw), str(tmp_path / "s"), "--workers", "1"])
    assert "4 clips" in capsys.readouterr().out


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capsys.readouterr().out == f"skeleton-data {skeleton_data.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_each_option_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: skeleton-data {command}" in text
    options = re.findall(r"^  (?:--|[A-Z]+ )[^\n]*(?:\n {10,}[^\n]+)*", text, re.MULTILINE)
    assert options
    for option in options:
        assert len(option.split()) > 3, option


def test_without_a_command_all_are_listed() -> None:
    """In a process of its own, which must not load torch."""
    code = (
        "import sys; from skeleton_data.cli.main import main\n"
        "try: main([])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(re.search(rf"^    {command} +\w", done.stdout, re.MULTILINE) for command in COMMANDS)
