"""Recipes, training, evaluation and inference for skeleton action recognition: what the apps are made of.

The public names load on first use, so that reading a recipe does not import torch.

Axes of tensors in this package: N clips, C channels of clips, C' channels of a feature map, T frames, T'
frames of another clip, V joints, M bodies of a clip, B bodies that are present in a batch; F features, K
classes, Q clips to classify by their neighbours, L clips with labels, S slots of a tuple.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
