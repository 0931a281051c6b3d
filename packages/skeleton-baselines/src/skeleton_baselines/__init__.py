"""Published baselines of skeleton action recognition: ST-GCN, and the losses of CrosSCLR and AimCLR."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
