"""`params.yaml`, typed and checked before a stage starts."""

from stages.common.params.checked import ScaleName
from stages.common.params.gain_bank import GainBank, Spread
from stages.common.params.grids import PARAMETERS, Axis, Grid, Grids, Setting, check_setting
from stages.common.params.loading import check_params, load_params
from stages.common.params.match import Match, MatchSize
from stages.common.params.models import (
    Cnn,
    Dense,
    Kernels,
    Model,
    MultiKernel,
    SampleLevel,
    TimbreKernels,
    Width,
)
from stages.common.params.params import Params
from stages.common.params.sections import (
    Compressor,
    Corpus,
    Evaluate,
    Handcraft,
    Handcrafted,
    HandcraftedTransfer,
    Input,
    Material,
    Render,
    Representation,
    Scale,
    Source,
    Transfer,
)
from stages.common.params.training import (
    Experiment,
    Regressor,
    Targets,
    Train,
    TrainChanges,
)

__all__ = [
    "PARAMETERS",
    "Axis",
    "Cnn",
    "Compressor",
    "Corpus",
    "Dense",
    "Evaluate",
    "Experiment",
    "GainBank",
    "Grid",
    "Grids",
    "Handcraft",
    "Handcrafted",
    "HandcraftedTransfer",
    "Input",
    "Kernels",
    "Match",
    "MatchSize",
    "Material",
    "Model",
    "MultiKernel",
    "Params",
    "Regressor",
    "Render",
    "Representation",
    "SampleLevel",
    "Scale",
    "ScaleName",
    "Setting",
    "Source",
    "Spread",
    "Targets",
    "TimbreKernels",
    "Train",
    "TrainChanges",
    "Transfer",
    "Width",
    "check_params",
    "check_setting",
    "load_params",
]
