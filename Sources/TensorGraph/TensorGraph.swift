// The one module that users import.

@_exported import ArrayFiles
@_exported import Checkpoints
@_exported import Datasets
@_exported import Downloads
@_exported import ExampleRecords
@_exported import Files
@_exported import GraphDefs
@_exported import Graphs
@_exported import Keras
@_exported import Operations
@_exported import SavedModels
@_exported import Sessions
@_exported import Summaries
@_exported import Tensors
@_exported import Training
