"""Batched transforms of clips: crop, resize, rotation, origin, heading, streams, and their random numbers.

Tensors are `(N, C, T, V, M)` = clip, channel, frame, joint, body. A body that is absent in a frame is all
zeros there. Every transform is a function of tensors (and of uniform random numbers where it is random), on
any device.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
