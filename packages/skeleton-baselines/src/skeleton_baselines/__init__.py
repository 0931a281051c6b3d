"""Published baselines of skeleton action recognition: ST-GCN, CrosSCLR and AimCLR.

The public names load on first use, so that reading a configuration does not import torch.

Axes of tensors in this package:

- N clips, n those of one process, C channels, T frames, V joints, M bodies of a clip; B all bodies of a
  batch;
- S subsets of neighbours in the graph of ST-GCN; C' and T' channels and frames of a feature map, K classes;
- F features of an encoder, D channels of a query or key, Q keys in the queue, L keys that are compared.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
