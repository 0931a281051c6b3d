"""Skeleton data for action recognition: from raw recordings to batches of clips."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
