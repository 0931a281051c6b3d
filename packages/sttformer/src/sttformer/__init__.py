"""STTFormer, the spatio-temporal tuples transformer for skeleton-based action recognition.

The public names load on first use, so that reading a configuration does not import torch.

Axes of tensors in this package:

- N clips, C channels, C' channels of features, T frames, V joints, M bodies of a clip; B all bodies of a
  batch, N times M or fewer, B' those of them that differ;
- T' tuples; S slots of a tuple, each a frame and a joint of it; P rows, one for each token that is computed;
- H attention heads, D channels of a query or key, q and k the slots of a query and a key;
- G tuples in which something is visible, L their members;
- I and O input and output channels of a layer, W width of a kernel, F pooled features, K classes.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
