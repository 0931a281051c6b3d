from .augmentation import AIMCLR_EXTREME as AIMCLR_EXTREME
from .augmentation import AIMCLR_NORMAL as AIMCLR_NORMAL
from .augmentation import Augmentation as Augmentation
from .cleaning import clean as clean
from .contrast_clip import aligned as aligned
from .dataset import ClipBatch as ClipBatch
from .dataset import ClipSet as ClipSet
from .dataset import SkeletonDataset as SkeletonDataset
from .draw import draw_strip as draw_strip
from .draw_gif import draw_gif as draw_gif
from .draw_page import draw_page as draw_page
from .errors import DataError as DataError
from .export_huggingface import export_huggingface as export_huggingface
from .export_npz import export_npz as export_npz
from .import_config import ImportConfig as ImportConfig
from .importer import import_clips as import_clips
from .joint_mapping import JointMap as JointMap
from .joint_mapping import joint_map as joint_map
from .labels import label_subset as label_subset
from .labels import load_subset as load_subset
from .labels import save_subset as save_subset
from .layout import SkeletonLayout as SkeletonLayout
from .layout import layout_names as layout_names
from .loading import EpochSampler as EpochSampler
from .loading import loader as loader
from .ntu import RawClip as RawClip
from .ntu import read_skeleton as read_skeleton
from .ntu import write_skeleton as write_skeleton
from .ntu_name import NtuName as NtuName
from .preparation import prepare as prepare
from .protocols import Protocol as Protocol
from .protocols import Split as Split
from .protocols import check_counts as check_counts
from .protocols import split as split
from .protocols import split_by as split_by
from .raw_folder import RawFolder as RawFolder
from .sampling import ClipSampling as ClipSampling
from .split_file import load_split as load_split
from .split_file import save_split as save_split
from .store import ClipIndex as ClipIndex
from .store import SkeletonStore as SkeletonStore
from .store_writer import StoreWriter as StoreWriter
from .synthetic import SyntheticConfig as SyntheticConfig
from .synthetic import write_synthetic as write_synthetic

__all__ = [
    "AIMCLR_EXTREME",
    "AIMCLR_NORMAL",
    "Augmentation",
    "ClipBatch",
    "ClipIndex",
    "ClipSampling",
    "ClipSet",
    "DataError",
    "EpochSampler",
    "ImportConfig",
    "JointMap",
    "NtuName",
    "Protocol",
    "RawClip",
    "RawFolder",
    "SkeletonDataset",
    "SkeletonLayout",
    "SkeletonStore",
    "Split",
    "StoreWriter",
    "SyntheticConfig",
    "aligned",
    "check_counts",
    "clean",
    "draw_gif",
    "draw_page",
    "draw_strip",
    "export_huggingface",
    "export_npz",
    "import_clips",
    "joint_map",
    "label_subset",
    "layout_names",
    "load_split",
    "load_subset",
    "loader",
    "prepare",
    "read_skeleton",
    "save_split",
    "save_subset",
    "split",
    "split_by",
    "write_skeleton",
    "write_synthetic",
]
