"""Trained models on recordings, arrays and live streams, with ONNX Runtime and without torch.

The public names load on first use.

Axes of arrays in this package: N clips, T frames, M bodies of a clip, B bodies of a frame, V joints and their
coordinates x, y, z; F features, K classes.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
