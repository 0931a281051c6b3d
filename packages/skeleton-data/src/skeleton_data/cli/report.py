"""What `import` and `verify` say about the clips that they read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from skeleton_data.option_names import spell_options
from skeleton_data.printable import printable

if TYPE_CHECKING:
    from skeleton_data.importing.importer import Imported


def tell_report(done: Imported) -> None:
    """Print joints that were not used or derived, what was measured, and warnings."""
    if done.unused_joints:
        print(f"joints that the layout does not have: {printable(', '.join(done.unused_joints))}")
    for joint, sources in done.derived_joints.items():
        print(f"derived: {joint} from {', '.join(sources)}")
    for line in done.report:
        print(spell_options(line))
    for warning in done.warnings:
        print(f"warning: {spell_options(warning)}", file=sys.stderr)
