"""Skeleton data for action recognition: from raw recordings to batches of clips.

Axes of arrays in this package: a clip of a store is (T, M, V, 3), frames, bodies, joints and their
coordinates x, y, z; a batch is (N, C, T, V, M), clips, channels, frames, joints, bodies. R is the rows of a
store, B the bodies in a raw file, one for each frame that has them, F the frames of a picture, D the numbers
of a keyframe, K classes.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
