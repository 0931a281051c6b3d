from .augment import augment as augment
from .augment import augment_presence as augment_presence
from .augment import hide as hide
from .blur import blur as blur
from .crop import Window as Window
from .crop import centre_crop as centre_crop
from .crop import random_crop as random_crop
from .draws import Draw as Draw
from .draws import hashed as hashed
from .draws import normals as normals
from .draws import permutation as permutation
from .draws import uniform as uniform
from .draws import uniforms as uniforms
from .dropout import drop_axis as drop_axis
from .dropout import drop_frames as drop_frames
from .dropout import drop_joints as drop_joints
from .heading import heading_matrix as heading_matrix
from .interpolation import FrameBlend as FrameBlend
from .interpolation import resize as resize
from .linear_maps import one_axis_angles as one_axis_angles
from .linear_maps import scale_matrix as scale_matrix
from .linear_maps import shear_matrix as shear_matrix
from .mirror import flip as flip
from .noise import add_noise as add_noise
from .origin import move_origin as move_origin
from .origin import presence as presence
from .reflection import reflected_crop as reflected_crop
from .rotation import rotate as rotate
from .rotation import rotation_matrix as rotation_matrix
from .streams import bone as bone
from .streams import known_in_stream as known_in_stream
from .streams import motion as motion
from .streams import to_stream as to_stream

__all__ = [
    "Draw",
    "FrameBlend",
    "Window",
    "add_noise",
    "augment",
    "augment_presence",
    "blur",
    "bone",
    "centre_crop",
    "drop_axis",
    "drop_frames",
    "drop_joints",
    "flip",
    "hashed",
    "heading_matrix",
    "hide",
    "known_in_stream",
    "motion",
    "move_origin",
    "normals",
    "one_axis_angles",
    "permutation",
    "presence",
    "random_crop",
    "reflected_crop",
    "resize",
    "rotate",
    "rotation_matrix",
    "scale_matrix",
    "shear_matrix",
    "to_stream",
    "uniform",
    "uniforms",
]
