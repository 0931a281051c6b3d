"""Skeleton data for action recognition: from raw recordings to batches of clips.

Axes of arrays in this package: a clip of a store is (T, M, V, 3), frames, bodies, joints and their
coordinates x, y, z; a batch is (N, C, T, V, M), clips, channels, frames, joints, bodies. T' and M' are the
frames and bodies that are left of T and M. R is the rows of a store, B bodies that are there, each once for
a frame, and B' some of them; F the frames of a picture, D the numbers of a keyframe, K classes (in the name
of a protocol, folds).
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
