from .cleaning import clean as clean
from .errors import DataError as DataError
from .layout import SkeletonLayout as SkeletonLayout
from .layout import layout_names as layout_names
from .ntu import RawClip as RawClip
from .ntu import read_skeleton as read_skeleton
from .ntu import write_skeleton as write_skeleton
from .ntu_name import NtuName as NtuName
from .store import ClipIndex as ClipIndex
from .store import SkeletonStore as SkeletonStore
from .store_writer import StoreWriter as StoreWriter

__all__ = [
    "ClipIndex",
    "DataError",
    "NtuName",
    "RawClip",
    "SkeletonLayout",
    "SkeletonStore",
    "StoreWriter",
    "clean",
    "layout_names",
    "read_skeleton",
    "write_skeleton",
]
