"""Tables of clips as people write them: empty cells, blanks in headers, people called P01."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusal import refusal

from skeleton_data import ImportConfig, SkeletonStore, import_clips, layout
from skeleton_data.cli.main import main
from skeleton_data.importing.importer import Imported

POSITIONS = 0.3 * np.random.default_rng(0).normal(size=(12, 25, 3)).astype(np.float32)


def bring_in(folder: Path, table: str, **options: str) -> tuple[SkeletonStore, Imported]:
    np.save(folder / "mine.npy", POSITIONS)
    (folder / "clips.csv").write_text(table, encoding="utf-8")
    config = ImportConfig(layout="ntu", units="m", fps=30, clips=folder / "clips.csv", **options)
    done = import_clips(folder / "mine.npy", folder / "s", config, overwrite=True)
    return SkeletonStore.open(folder / "s"), done


@pytest.mark.parametrize("column", ["label", "subject", "camera", "setup", "replication"])
def test_an_empty_cell_is_unknown_in_every_column(tmp_path: Path, column: str) -> None:
    store, _ = bring_in(tmp_path, f"frames,{column}\n4,2\n4,\n4, 1\n")
    assert getattr(store.index, column).tolist() == [2, -1, 1]


def test_an_empty_cell_among_words_is_no_class(tmp_path: Path) -> None:
    store, done = bring_in(tmp_path, "frames,label\n4,wave\n4,\n4,kick\n")
    assert store.class_names == ("kick", "wave")
    assert store.index.label.tolist() == [1, -1, 0]
    assert any("labelled: 2 of 3 clips" in line for line in done.report)


def test_blanks_around_headers_and_cells_do_not_count(tmp_path: Path) -> None:
    store, _ = bring_in(tmp_path, "frames , label, subject \n 4, 0 , 1\n4,1,2\n4,2,3\n")
    assert store.index.label.tolist() == [0, 1, 2] and store.index.subject.tolist() == [1, 2, 3]


def test_words_for_people_are_numbered_in_their_order_and_told(tmp_path: Path) -> None:
    store, done = bring_in(tmp_path, "frames,subject\n4,P10\n4,P2\n4,P10\n")
    assert store.index.subject.tolist() == [2, 1, 2]
    assert any("P2 = 1, P10 = 2" in line for line in done.report)


def test_a_mixed_column_is_refused_with_its_line(tmp_path: Path) -> None:
    with refusal(r"clips\.csv, line 4: column 'label' holds 'wave' among"):
        bring_in(tmp_path, "frames,label\n4,1\n4,\n4,wave\n")


def test_gaps_in_labels_are_taken_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, done = bring_in(tmp_path, "frames,label,subject\n4,3,1\n4,5,2\n4,-1,3\n")
    assert store.index.label.tolist() == [3, 5, -1]
    assert store.classes == ("0", "1", "2", "3", "4", "5")
    assert any("0, 1, 2, 4" in line for line in done.report)
    main(["split", str(store.path), str(tmp_path / "split.json"), "--protocol", "all"])
    assert "0, 1, 2, 4" in capsys.readouterr().err


def test_a_label_that_is_no_number_of_a_class_is_refused(tmp_path: Path) -> None:
    with refusal(r"label 2147483647.* below 65536"):
        bring_in(tmp_path, "frames,label\n4,0\n4,2147483647\n4,1\n")
    store, _ = bring_in(tmp_path, "frames,label\n4,0\n4,1\n4,2\n")
    index = np.load(store.path / "index.npy")
    index["label"][0] = 2**31 - 1
    np.save(store.path / "index.npy", index)
    with refusal(r"s: .*label 2147483647.* below 65536"):
        _ = SkeletonStore.open(store.path).classes


@pytest.mark.parametrize("units", ["m", "px"])
def test_control_characters_in_names_of_joints_reach_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], units: str
) -> None:
    names = [*layout("ntu").joints[:-1], "\x1b[2J\u202eother: clap"]
    header = ["frame", *(f"{name}_{axis}" for name in names for axis in "xyz")]
    options = ("--layout", "ntu", "--fps", "30")
    rows = [[number, *frame.ravel().tolist()] for number, frame in enumerate(POSITIONS)]
    (tmp_path / "mine.csv").write_text("\n".join(",".join(map(str, row)) for row in (header, *rows)))
    with pytest.raises(SystemExit):
        main(["import", str(tmp_path / "mine.csv"), str(tmp_path / "s"), *options, "--units", units])
    printed = "".join(capsys.readouterr())
    assert "other: clap" in printed and not {"\x1b", "\u202e"} & set(printed)


def own(folder: Path, **more: Any) -> SkeletonStore:
    given: dict[str, Any] = {"positions_m": POSITIONS, "offsets": [0, 4, 8, 12], "fps": 30.0} | more
    np.savez(folder / "mine.npz", **{key: value for key, value in given.items() if value is not None})
    import_clips(folder / "mine.npz", folder / "s", ImportConfig(layout="ntu"))
    return SkeletonStore.open(folder / "s")


def test_labels_that_count_from_one_with_as_many_names(tmp_path: Path) -> None:
    store = own(tmp_path, label=[1, 2, 3], class_names=["a", "b", "c"])
    assert [store.class_names[label] for label in store.index.label] == ["a", "b", "c"]


def test_words_are_numbered_as_the_class_names_are(tmp_path: Path) -> None:
    store = own(tmp_path, label=np.array(["wave", "", "kick"]), class_names=["wave", "kick", "jump"])
    assert store.class_names == ("wave", "kick", "jump") and store.index.label.tolist() == [0, -1, 1]


def test_numbers_with_nan_are_whole_numbers_with_unknown_ones(tmp_path: Path) -> None:
    assert own(tmp_path, label=np.array([2.0, np.nan, 1.0])).index.label.tolist() == [2, -1, 1]


@pytest.mark.parametrize("with_confidence", [False, True])
def test_two_coordinates_are_places_in_a_picture(tmp_path: Path, with_confidence: bool) -> None:
    pixels = np.random.default_rng(0).uniform(0, 480, size=(12, 25, 2)).astype(np.float32)
    pixels[5, 3] = np.nan
    sure = np.full((12, 25), 0.5, np.float32)
    store = own(
        tmp_path,
        positions_m=None,
        positions_px=pixels,
        picture=[640, 480],
        confidence=sure if with_confidence else None,
    )
    assert store.meta.units == "picture"
    got = store.rows
    np.testing.assert_allclose(got[0, :, 0], (pixels[0, :, 0] - 320) / 640, atol=1e-6)
    np.testing.assert_allclose(got[0, :, 1], (240 - pixels[0, :, 1]) / 640, atol=1e-6)
    assert got[0, 0, 2] == (0.5 if with_confidence else 1) and got[5, 3, 2] == 0
    np.testing.assert_allclose(got[5, 3, :2], (got[4, 3, :2] + got[6, 3, :2]) / 2, atol=1e-6)


def test_the_case_files(shared: Path, tmp_path: Path) -> None:
    for table, labels in (("01_missing_label", None), ("01_header_with_spaces", [0, 1, 2])):
        cases = shared / "cases"
        config = ImportConfig(layout="ntu", units="m", fps=30, clips=cases / f"{table}.csv")
        import_clips(cases / "01_clips.npy", tmp_path / table, config)
        found = SkeletonStore.open(tmp_path / table).index.label.tolist()
        assert -1 in found and len(set(found)) == 5 if labels is None else found[:3] == labels
    import_clips(shared / "cases" / "06_label_from_1.npz", tmp_path / "one", ImportConfig(layout="ntu"))
    assert SkeletonStore.open(tmp_path / "one").index.label.tolist() == [0, 1, 2, 3] * 2
