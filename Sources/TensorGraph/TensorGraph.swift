// The one module that users import.

@_exported import Datasets
@_exported import Downloads
@_exported import Graphs
@_exported import Operations
@_exported import Sessions
@_exported import Tensors
@_exported import Training
