"""`--up -y` on a command line."""

from __future__ import annotations


def join_up(arguments: list[str]) -> list[str]:
    """Return arguments with `--up -y` as `--up=-y`: argparse takes a word with a dash for an option.

    Example:
        >>> join_up(["import", "--up", "-y", "in", "out"])
        ['import', '--up=-y', 'in', 'out']
    """
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] == "--up" and word in ("-x", "-y", "-z"):
            joined[-1] = f"--up={word}"
        else:
            joined.append(word)
    return joined
