"""Recipes, training, evaluation and inference for skeleton action recognition: what the apps are made of.

The public names load on first use, so that reading a recipe does not import torch.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
