"""Run apps one after another, in each process that a launcher starts: PyTorch is imported once.

accelerate launch ... tests/skeleton_lab/apps_in_turn.py '[["apps/pretrain.py", "recipe.toml"], ...]'
"""

import json
import runpy
import sys

from skeleton_lab import errors

if __name__ == "__main__":
    leave, errors.leave_processes = errors.leave_processes, lambda: None
    for app, *arguments in json.loads(sys.argv[1]):
        sys.argv = [app, *arguments]
        runpy.run_path(app, run_name="__main__")
    leave()
