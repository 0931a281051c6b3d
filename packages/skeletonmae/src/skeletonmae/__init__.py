"""SkeletonMAE: spatial-temporal masked autoencoders for self-supervised skeleton action recognition.

The public names load on first use, so that reading a configuration does not import torch.

Axes of tensors in this package:

- N clips, C channels of clips, T frames, V joints, M bodies of a clip; B bodies that are present
  in a batch;
- T' tokens in time, k frames of a token, P visible tokens of a batch, L tokens of one body, C' channels of
  their features;
- S slots of a tuple, H attention heads, F pooled features, K classes, Q clips whose nearest neighbours are
  sought.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
