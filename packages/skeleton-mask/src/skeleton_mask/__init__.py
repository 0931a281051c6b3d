"""Masks over frames and joints for masked modelling of skeleton sequences.

Axes of tensors in this package: N clips (or bodies, each with a mask of its own), C channels, T frames, V
joints, L visible tokens of a clip, in the order of frames and then joints.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
