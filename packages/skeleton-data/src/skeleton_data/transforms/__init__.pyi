from .crop import Window as Window
from .crop import centre_crop as centre_crop
from .crop import random_crop as random_crop
from .draws import Draw as Draw
from .draws import hashed as hashed
from .draws import permutation as permutation
from .draws import uniform as uniform
from .heading import heading_matrix as heading_matrix
from .interpolation import FrameBlend as FrameBlend
from .interpolation import resize as resize
from .origin import move_origin as move_origin
from .origin import presence as presence
from .rotation import rotate as rotate
from .rotation import rotation_matrix as rotation_matrix
from .streams import bone as bone
from .streams import motion as motion
from .streams import to_stream as to_stream

__all__ = [
    "Draw",
    "FrameBlend",
    "Window",
    "bone",
    "centre_crop",
    "hashed",
    "heading_matrix",
    "motion",
    "move_origin",
    "permutation",
    "presence",
    "random_crop",
    "resize",
    "rotate",
    "rotation_matrix",
    "to_stream",
    "uniform",
]
