"""Windows that slide over a sequence that is longer than the clips of the training."""


def sliding_windows(frames: int, length: int, stride: int) -> list[tuple[int, int]]:
    """Return windows of a sequence, from the first frame to the last one.

    Args:
        frames: Frames of the sequence.
        length: Frames of a window.
        stride: Frames from the beginning of a window to that of the next.

    Returns:
        (first frame, frame after the last) of each window; the last one ends with the sequence, and is
        nearer to the one before it where the stride does not divide what is left. A sequence shorter than a
        window is one window.

    Raises:
        ValueError: If a number is not positive, or frames would be left out between windows.

    Example:
        >>> sliding_windows(100, length=40, stride=30)
        [(0, 40), (30, 70), (60, 100)]
        >>> sliding_windows(75, length=40, stride=30)
        [(0, 40), (30, 70), (35, 75)]
    """
    if frames < 1 or not 1 <= stride <= length:
        raise ValueError(
            f"expected frames and stride above 0 and stride <= length, got {frames}, {stride} and {length}"
        )
    last = max(frames - length, 0)
    starts = [*range(0, last, stride), last]
    return [(start, min(start + length, frames)) for start in starts]
