"""Peak memory of importing large pyskl and CTR-GCN files, of this build and of another one.

    git worktree add ../before 665b04e
    python benchmarks/import_memory.py --other ../before/packages/skeleton-data/src

The files have a tenth of the clips and all of them, each of 60 frames. Each is imported in a process of its
own, after a small one of its kind, so that what Python imports does not count; told is what the process takes
at its peak beyond that.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FEW = 50


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--only", choices=("pyskl", "ctr-gcn"))
    parser.add_argument("--other", type=Path, help="folder that holds skeleton_data of another build")
    parser.add_argument("--read", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        return print(measured(*options.read))
    from importing import LARGE, SUFFIX, in_a_child

    print(f"{'file':<8} {'clips':>7} {'MB':>7} {'peak MB':>8}" + " other MB  share" * bool(options.other))
    for kind, write in LARGE.items():
        if options.only not in (None, kind):
            continue
        with tempfile.TemporaryDirectory() as folder:
            small = Path(folder) / f"small{SUFFIX[kind]}"
            write(small, FEW)
            for clips in (options.clips // 10, options.clips):
                large = small.with_stem("large")
                in_a_child(lambda write=write, large=large, clips=clips: write(large, clips))
                peaks = [
                    of_a_build(source, small, large)
                    for source in (None, options.other)[: 1 + bool(options.other)]
                ]
                print(f"{kind:<8} {clips:>7} {large.stat().st_size / 1e6:7.1f} {peaks[0]:8.1f}", end="")
                print(f" {peaks[1]:8.1f} {peaks[0] / peaks[1]:6.0%}" if options.other else "", flush=True)


def of_a_build(source: Path | None, small: Path, large: Path) -> float:
    """Return the peak in MB of the build in a folder, or of the one that is installed."""
    environment = os.environ | ({"PYTHONPATH": str(source.absolute())} if source else {})
    command = [sys.executable, __file__, "--read", str(small), str(large)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def measured(small: Path, large: Path) -> float:
    """Import both, and return how many MB the second took at its peak."""
    from skeleton_data import ImportConfig, import_clips

    options = {"insist": True} if "insist" in ImportConfig.model_fields else {}
    config = ImportConfig(layout="ntu", **options)
    with tempfile.TemporaryDirectory() as folder:
        import_clips(small, Path(folder) / "small", config)
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
        before = status("VmRSS")
        import_clips(large, Path(folder) / "large", config)
        return (status("VmHWM") - before) / 1e3


def status(field: str) -> int:
    """Return kilobytes of memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()
