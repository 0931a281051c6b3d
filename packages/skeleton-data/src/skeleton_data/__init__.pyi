from ._version import __version__ as __version__
from .bodies_in_view import in_view as in_view
from .bodies_in_view import those_in_view as those_in_view
from .clips import Cleaning as Cleaning
from .clips import Clip as Clip
from .clips import ClipSource as ClipSource
from .clips import Units as Units
from .clips import Up as Up
from .clips import kind_of_joints as kind_of_joints
from .clips import present_bodies as present_bodies
from .clips import turn_upright as turn_upright
from .command_line import is_nothing as is_nothing
from .command_line import rewrite_arguments as rewrite_arguments
from .command_line import spelt as spelt
from .command_line import switch as switch
from .command_line import truth as truth
from .command_line import with_nearest_option as with_nearest_option
from .dataset.balanced import balanced_keys as balanced_keys
from .dataset.dataset import ClipBatch as ClipBatch
from .dataset.dataset import ClipSet as ClipSet
from .dataset.dataset import SkeletonDataset as SkeletonDataset
from .dataset.epoch_sampler import EpochSampler as EpochSampler
from .draw.gif import draw_gif as draw_gif
from .draw.page import draw_page as draw_page
from .draw.page import player_data as player_data
from .draw.page import player_file as player_file
from .draw.page import player_looks as player_looks
from .draw.strip import draw_strip as draw_strip
from .draw.strip import viewpoint as viewpoint
from .errors import DataError as DataError
from .errors import JointError as JointError
from .errors import NobodyError as NobodyError
from .errors import OutputError as OutputError
from .export.huggingface import export_huggingface as export_huggingface
from .export.npz import export_npz as export_npz
from .file_options import FileOptions as FileOptions
from .files.checksums import read_checksums as read_checksums
from .files.json_file import load_json as load_json
from .files.json_file import parse_json as parse_json
from .files.text import read_text as read_text
from .files.toml_file import read_toml as read_toml
from .importing.importer import import_clips as import_clips
from .importing.long_clip import LongClip as LongClip
from .importing.long_clip import long_clip as long_clip
from .importing.missing import hold_last as hold_last
from .importing.picture import in_picture as in_picture
from .importing.report import ImportReport as ImportReport
from .importing.report import check_plausible as check_plausible
from .importing.resampling import resample as resample
from .importing.source import OpenedClips as OpenedClips
from .importing.source import open_clips as open_clips
from .layouts.joint_indices import joint_indices as joint_indices
from .layouts.joint_mapping import JointMap as JointMap
from .layouts.joint_mapping import joint_map as joint_map
from .layouts.layout import SkeletonLayout as SkeletonLayout
from .layouts.layout import layout as layout
from .layouts.layout import layout_names as layout_names
from .mistakes import first_mistake as first_mistake
from .mistakes import in_words as in_words
from .mistakes import nearest_field as nearest_field
from .mistakes import schema_alternatives as schema_alternatives
from .mistakes import schema_range as schema_range
from .ntu.cleaning import clean as clean
from .ntu.contrast_clip import aligned as aligned
from .ntu.contrast_clip import first_bodies as first_bodies
from .ntu.name import NtuName as NtuName
from .ntu.preparation import prepare as prepare
from .ntu.raw_folder import RawFolder as RawFolder
from .ntu.recording import RawClip as RawClip
from .ntu.recording import read_skeleton as read_skeleton
from .ntu.recording import write_skeleton as write_skeleton
from .option_names import nearest_name as nearest_name
from .option_names import spell_options as spell_options
from .preprocessing.coordinates import training_coordinates as training_coordinates
from .preprocessing.coordinates import training_origin as training_origin
from .preprocessing.preprocessing import Preprocessing as Preprocessing
from .preprocessing.sample import sample_clips as sample_clips
from .preprocessing.windows import sliding_windows as sliding_windows
from .printable import Name as Name
from .printable import printable as printable
from .readers.config import ImportConfig as ImportConfig
from .readers.config import Missing as Missing
from .readers.config import Picture as Picture
from .readers.folder_detection import recordings_in as recordings_in
from .readers.folder_detection import several_formats as several_formats
from .readers.folder_detection import unread_files as unread_files
from .readers.formats import FormatReader as FormatReader
from .readers.formats import format_of as format_of
from .replacing import file_sha256 as file_sha256
from .replacing import flush_to_disk as flush_to_disk
from .replacing import put_in_place as put_in_place
from .replacing import replacing as replacing
from .replacing import replacing_folder as replacing_folder
from .splits.counts import check_counts as check_counts
from .splits.counts import class_counts as class_counts
from .splits.counts import class_table as class_table
from .splits.counts import missing_classes as missing_classes
from .splits.counts import require_trained_classes as require_trained_classes
from .splits.divide import divide as divide
from .splits.divide import read_split as read_split
from .splits.folds import Fold as Fold
from .splits.folds import folds as folds
from .splits.grammar import Protocol as Protocol
from .splits.grammar import is_folded as is_folded
from .splits.labels import label_subset as label_subset
from .splits.labels import load_subset as load_subset
from .splits.labels import save_subset as save_subset
from .splits.own import own_splits as own_splits
from .splits.protocols import Split as Split
from .splits.protocols import split as split
from .splits.protocols import split_by as split_by
from .splits.split_file import load_split as load_split
from .splits.split_file import save_split as save_split
from .store.own_clips import ClipDataset as ClipDataset
from .store.own_clips import OwnClips as OwnClips
from .store.store import ClipIndex as ClipIndex
from .store.store import SkeletonStore as SkeletonStore
from .store.writer import StoreWriter as StoreWriter
from .synthetic import SyntheticConfig as SyntheticConfig
from .synthetic import write_synthetic as write_synthetic
from .transforms.augmentation import AIMCLR_EXTREME as AIMCLR_EXTREME
from .transforms.augmentation import AIMCLR_NORMAL as AIMCLR_NORMAL
from .transforms.augmentation import Augmentation as Augmentation
from .transforms.sampling import ClipSampling as ClipSampling

__all__ = [
    "AIMCLR_EXTREME",
    "AIMCLR_NORMAL",
    "Augmentation",
    "Cleaning",
    "Clip",
    "ClipBatch",
    "ClipDataset",
    "ClipIndex",
    "ClipSampling",
    "ClipSet",
    "ClipSource",
    "DataError",
    "EpochSampler",
    "FileOptions",
    "Fold",
    "FormatReader",
    "ImportConfig",
    "ImportReport",
    "JointError",
    "JointMap",
    "LongClip",
    "Missing",
    "Name",
    "NobodyError",
    "NtuName",
    "OpenedClips",
    "OutputError",
    "OwnClips",
    "Picture",
    "Preprocessing",
    "Protocol",
    "RawClip",
    "RawFolder",
    "SkeletonDataset",
    "SkeletonLayout",
    "SkeletonStore",
    "Split",
    "StoreWriter",
    "SyntheticConfig",
    "Units",
    "Up",
    "aligned",
    "balanced_keys",
    "check_counts",
    "check_plausible",
    "class_counts",
    "class_table",
    "clean",
    "divide",
    "draw_gif",
    "draw_page",
    "draw_strip",
    "export_huggingface",
    "export_npz",
    "file_sha256",
    "first_bodies",
    "first_mistake",
    "flush_to_disk",
    "folds",
    "format_of",
    "hold_last",
    "import_clips",
    "in_picture",
    "in_view",
    "in_words",
    "is_folded",
    "is_nothing",
    "joint_indices",
    "joint_map",
    "kind_of_joints",
    "label_subset",
    "layout",
    "layout_names",
    "load_json",
    "load_split",
    "load_subset",
    "long_clip",
    "missing_classes",
    "nearest_field",
    "nearest_name",
    "open_clips",
    "own_splits",
    "parse_json",
    "player_data",
    "player_file",
    "player_looks",
    "prepare",
    "present_bodies",
    "printable",
    "put_in_place",
    "read_checksums",
    "read_skeleton",
    "read_split",
    "read_text",
    "read_toml",
    "recordings_in",
    "replacing",
    "replacing_folder",
    "require_trained_classes",
    "resample",
    "rewrite_arguments",
    "sample_clips",
    "save_split",
    "save_subset",
    "schema_alternatives",
    "schema_range",
    "several_formats",
    "sliding_windows",
    "spell_options",
    "spelt",
    "split",
    "split_by",
    "switch",
    "those_in_view",
    "training_coordinates",
    "training_origin",
    "truth",
    "turn_upright",
    "unread_files",
    "viewpoint",
    "with_nearest_option",
    "write_skeleton",
    "write_synthetic",
]
