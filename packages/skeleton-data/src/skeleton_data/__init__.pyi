from .errors import DataError as DataError
from .layout import SkeletonLayout as SkeletonLayout
from .layout import layout_names as layout_names
from .store import ClipIndex as ClipIndex
from .store import SkeletonStore as SkeletonStore
from .store_writer import StoreWriter as StoreWriter

__all__ = [
    "ClipIndex",
    "DataError",
    "SkeletonLayout",
    "SkeletonStore",
    "StoreWriter",
    "layout_names",
]
