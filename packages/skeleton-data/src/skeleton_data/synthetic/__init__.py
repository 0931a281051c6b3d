"""Synthetic actions: people who differ, seen by three noisy cameras, as raw NTU recordings."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
