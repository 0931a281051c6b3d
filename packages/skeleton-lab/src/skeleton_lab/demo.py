"""See self-supervised pre-training pay off, from raw recordings to a table, in minutes on a laptop.

    skeleton-lab demo configs/demo.toml
    skeleton-lab demo configs/demo.toml --folder runs/large --seeds 5 --processes 8

Synthetic actions are written as raw NTU recordings, read back, cleaned and stored; SkeletonMAE is pre-trained
on the training subjects without labels; then the same network learns the actions with 5 % and 10 % of the
labels, from the pre-trained weights and from scratch, and is tested on subjects that it has never seen.
What is already in the folder is not done again, so that an interrupted demo goes on where it stopped.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import as_completed
from pathlib import Path

from pydantic import Field
from tqdm import tqdm

from skeleton_data import SkeletonStore, SyntheticConfig, prepare, split, write_synthetic
from skeleton_lab import finetune, pretrain
from skeleton_lab.errors import exit_on_bad_input, input_errors
from skeleton_lab.evaluation.comparison import compare
from skeleton_lab.recipe.recipe import RecipeSection, read_recipe
from skeleton_lab.runs.folder import write_atomically
from skeleton_lab.runs.results import FinetuneResult
from skeleton_lab.runs.workers import progress_line, submit, worker_pool


class DemoConfig(RecipeSection):
    """Run everything on synthetic actions: recordings, store, trainings, and a table that compares them."""

    folder: Path = Field(Path("runs/demo"), description="Folder in which everything is saved.")
    seeds: int = Field(
        3, ge=2, description="Number of repetitions, each with other initial weights and other labels."
    )
    fractions: tuple[float, ...] = Field(
        (0.05, 0.1), description="Fractions of the labels that are used, one row of the table each."
    )
    processes: int = Field(os.cpu_count() or 1, ge=1, description="Number of runs at once, each on one core.")
    pretrain: Path = Field(Path("configs/pretrain/demo.toml"), description="Recipe of the pre-training.")
    finetune: Path = Field(Path("configs/finetune/demo.toml"), description="Recipe of the fine-tuning.")
    actions: SyntheticConfig = Field(SyntheticConfig(), description="The synthetic actions.")

    @property
    def raw(self) -> Path:
        """Raw recordings."""
        return self.folder / "raw"

    @property
    def store(self) -> Path:
        """The store made of them."""
        return self.folder / "store"

    def pretrained(self, seed: int) -> Path:
        """Return the run folder of a pre-training."""
        return self.folder / f"pretrain-seed{seed}"

    def pretrain_once(self, seed: int) -> None:
        """Pre-train without labels; runs in a worker."""
        sources = f'[{{"store": "{self.store}", "protocol": "ntu60-xsub"}}]'
        options = ["--data.sources", sources, "--training.seed", str(seed)]
        options += ["--run.folder", str(self.pretrained(seed)), "--run.resume"]
        recipe = read_recipe(pretrain.PretrainConfig, [str(self.pretrain), *options], program="demo")
        pretrain.run(recipe, bar=progress_line())

    def finetune_once(self, fraction: float, seed: int, *, pretrained: bool) -> FinetuneResult | None:
        """Learn from a fraction of the labels, and be tested; runs in a worker."""
        start = "pretrained" if pretrained else "scratch"
        options = ["--data.store", str(self.store), "--data.label_fraction", str(fraction)]
        options += ["--data.label_seed", str(seed), "--training.seed", str(seed)]
        options += ["--run.folder", str(self.folder / f"{start}-{fraction:.0%}-seed{seed}"), "--run.resume"]
        options += ["--pretrained", str(self.pretrained(seed))] if pretrained else []
        recipe = read_recipe(finetune.FinetuneConfig, [str(self.finetune), *options], program="demo")
        return finetune.run(recipe, bar=progress_line())


def make_data(config: DemoConfig) -> SkeletonStore:
    """Write raw recordings and read them back, unless that was done before."""
    with input_errors():
        if not config.raw.exists():
            config.folder.mkdir(parents=True, exist_ok=True)
            write_synthetic(config.actions, config.raw, progress=True)
        if not config.store.exists():
            prepare(config.raw, config.store, progress=True)
        return SkeletonStore.open(config.store)


def run_all(config: DemoConfig) -> list[FinetuneResult]:
    """Return all runs, side by side: a seed's fine-tunings follow its pre-training."""
    seeds, fractions = range(config.seeds), config.fractions
    with (
        worker_pool(config.processes) as pool,
        tqdm(total=len(seeds) * (1 + 2 * len(fractions)), desc="runs", unit="run") as bar,
    ):
        pretrainings = {submit(pool, config.pretrain_once, seed): seed for seed in seeds}
        finetunings = [
            submit(pool, config.finetune_once, fraction, seed, pretrained=False)
            for fraction in fractions
            for seed in seeds
        ]
        for pretraining in as_completed(pretrainings):
            pretraining.result()
            bar.update()
            finetunings += [
                submit(pool, config.finetune_once, fraction, pretrainings[pretraining], pretrained=True)
                for fraction in fractions
            ]
        for finetuning in as_completed(finetunings):
            finetuning.result()
            bar.update()
        return [result for finetuning in finetunings if (result := finetuning.result())]


@exit_on_bad_input("demo")
def main() -> None:
    """Make the data, do the runs, show what came of them."""
    config = read_recipe(DemoConfig, sys.argv[1:], program="demo")
    store = make_data(config)
    results = run_all(config)

    from skeleton_lab.pictures.reconstruction import draw_reconstruction

    table = compare(results)
    write_atomically(config.folder / "table.md", f"{table}\n".encode())
    unseen = split(store.index, "ntu60-xsub").test
    for bodies, name in ((1, "one-person"), (2, "two-people")):
        chosen = unseen[store.index.bodies[unseen] == bodies]
        if len(chosen):
            draw_reconstruction(config.pretrained(0), store, int(chosen[0]), config.folder / f"{name}.png")
    print(f"\nTest accuracy on subjects never seen, over {config.seeds} seeds; all learn for as many steps:")
    print(f"\n{table}\n")
    print(f"Saved in {config.folder}: this as table.md; one-person.png and two-people.png, what the model")
    print("sees and reconstructs; raw recordings, store, and for each run its weights, recipe and curves.")


if __name__ == "__main__":
    main()
