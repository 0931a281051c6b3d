"""Dynamic time warping against its definition; aeon's classifiers as simple predictors."""

import builtins

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_lab import simple
from skeleton_lab.baselines import time_series
from skeleton_lab.baselines.config import AEON
from skeleton_lab.baselines.time_series import TimeSeriesClassifier, dynamic_time_warping
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe


def slow_alignment(x, y):
    """The cheapest of all alignments, by the recursion that defines it."""
    if not len(x) or not len(y):
        return 0.0 if len(x) == len(y) else float("inf")
    last = float(((x[-1] - y[-1]) ** 2).sum())
    before = ((x[:-1], y[:-1]), (x[:-1], y), (x, y[:-1]))
    return last + min(slow_alignment(*pair) for pair in before)


@given(seed=st.integers(0, 2**31), frames=st.integers(1, 5), others=st.integers(1, 5))
def test_warping_is_the_cheapest_alignment(seed, frames, others):
    generator = torch.Generator().manual_seed(seed)
    x, y = (
        torch.randn(3, length, 2, generator=generator, dtype=torch.float64) for length in (frames, others)
    )
    expected = [[slow_alignment(a, b) for b in y] for a in x]
    assert np.allclose(dynamic_time_warping(x, y), expected)


def test_clips_in_parts_are_the_same(monkeypatch):
    x, y = torch.randn(7, 6, 4), torch.randn(5, 6, 4)
    whole = dynamic_time_warping(x, y)
    monkeypatch.setattr(time_series, "NUMBERS", 400)
    assert torch.allclose(dynamic_time_warping(x, y), whole)


@pytest.fixture
def run_simple(store, tmp_path):
    recipe = tmp_path / "simple.toml"
    recipe.write_text(
        f'[data]\nstore = "{store}"\nprotocol = "odd-subjects"\nvalidation = 0.25\n'
        f'[data.sampling]\nframes = 12\norigin = "first_frame"\n[run]\nfolder = "{tmp_path / "run"}"\n'
    )

    def run(*options):
        return simple.run(read_recipe(simple.SimpleConfig, [str(recipe), *options], program="simple"))

    return run


def test_the_nearest_clip_by_warping_is_tested_like_others(run_simple):
    result = run_simple("--model.kind", "dtw")
    assert result.test.top1 > 0.5  # chance is a third
    assert (result.parameters, result.selected_step) == (0, 0)
    assert result.validation_top1 is not None


SLOW = pytest.mark.slow  # they compile for a minute


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=() if kind == "hydra" else SLOW) for kind in AEON])
def test_aeon_is_as_good_here_as_by_itself(kind, run_simple):
    pytest.importorskip("aeon")
    result = run_simple("--model.kind", kind)
    assert result.test.top1 > 0.5
    assert result.test.top5 is None  # it names a class, and puts none into an order
    if kind == "hydra":
        assert run_simple("--model.kind", kind, "--run.overwrite").test == result.test
        clips = torch.randn(6, 3, 5)
        with pytest.raises(InputError, match=r"model\.kind: minirocket: "):
            TimeSeriesClassifier("minirocket", clips, torch.arange(6) % 2, classes=2, seed=0)


def test_without_aeon_its_kinds_say_what_to_install(run_simple, tmp_path, monkeypatch):
    imported = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith("aeon"):
            raise ImportError(name)
        return imported(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"model\.kind: hydra .*pip install 'skeleton-lab\[aeon\]'"):
        run_simple("--model.kind", "hydra")
    assert not (tmp_path / "run").exists()
