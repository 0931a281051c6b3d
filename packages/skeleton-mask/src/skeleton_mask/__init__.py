"""Masks over frames and joints for masked modelling of skeleton sequences."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
