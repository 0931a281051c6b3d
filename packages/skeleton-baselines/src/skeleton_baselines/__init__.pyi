from .config import STGCNConfig as STGCNConfig
from .graph import spatial_graph as spatial_graph
from .losses.aimclr import AimCLRLosses as AimCLRLosses
from .losses.aimclr import aimclr as aimclr
from .losses.crossclr import View as View
from .losses.crossclr import cross_view as cross_view
from .losses.crossclr import crossclr as crossclr
from .losses.info_nce import info_nce as info_nce
from .official import from_official as from_official
from .official import to_official as to_official
from .stgcn import STGCN as STGCN

__all__ = [
    "STGCN",
    "AimCLRLosses",
    "STGCNConfig",
    "View",
    "aimclr",
    "cross_view",
    "crossclr",
    "from_official",
    "info_nce",
    "spatial_graph",
    "to_official",
]
