"""Published baselines of skeleton action recognition: ST-GCN, CrosSCLR and AimCLR.

The public names load on first use, so that reading a configuration does not import torch.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
