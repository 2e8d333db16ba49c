// Definitions written as text, for tests of what is wrong with them.

import GraphDefs
import Graphs
import Testing

/// A small definition with a bit of everything: constants, a variable, control inputs, a slice, a function that is called,
/// a branch.
let richDefinition = """
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "shape" value { shape { dim { size: -1 } dim { size: 2 } } } } }
    node { name: "p" op: "Placeholder" attr { key: "dtype" value { type: DT_BOOL } } attr { key: "shape" value { shape {} } } }
    node { name: "w" op: "VarHandleOp" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "shape" value { shape { dim { size: 2 } dim { size: 2 } } } } }
    node { name: "c" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } dim { size: 2 } } float_val: 0.5 } } } }
    node { name: "s" op: "Const" attr { key: "dtype" value { type: DT_STRING } }
      attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape {} string_val: "text" } } } }
    node { name: "axis" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
      attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } } int_val: 1 } } } }
    node { name: "w/Assign" op: "AssignVariableOp" input: "w" input: "c" attr { key: "dtype" value { type: DT_FLOAT } } }
    node { name: "w/Read" op: "ReadVariableOp" input: "w" input: "^p" attr { key: "dtype" value { type: DT_FLOAT } } }
    node { name: "product" op: "MatMul" input: "x" input: "w/Read" attr { key: "T" value { type: DT_FLOAT } } }
    node { name: "call" op: "PartitionedCall" input: "product" attr { key: "f" value { func { name: "twice" } } }
      attr { key: "Tin" value { list { type: DT_FLOAT } } } attr { key: "Tout" value { list { type: DT_FLOAT } } } }
    node { name: "branch" op: "StatelessIf" input: "p" input: "call" attr { key: "Tcond" value { type: DT_BOOL } }
      attr { key: "Tin" value { list { type: DT_FLOAT } } } attr { key: "Tout" value { list { type: DT_FLOAT } } }
      attr { key: "then_branch" value { func { name: "twice" } } } attr { key: "else_branch" value { func { name: "same" } } } }
    node { name: "halves" op: "Split" input: "zero" input: "branch" attr { key: "T" value { type: DT_FLOAT } }
      attr { key: "num_split" value { i: 2 } } }
    node { name: "zero" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
      attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 1 } } } }
    node { name: "joined" op: "ConcatV2" input: "halves:1" input: "halves" input: "zero" attr { key: "N" value { i: 2 } }
      attr { key: "T" value { type: DT_FLOAT } } attr { key: "Tidx" value { type: DT_INT32 } } }
    node { name: "y" op: "Sum" input: "joined" input: "axis" attr { key: "T" value { type: DT_FLOAT } }
      attr { key: "Tidx" value { type: DT_INT32 } } attr { key: "keep_dims" value { b: true } } }
    library {
      function {
        signature { name: "twice" input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT } }
        node_def { name: "sum" op: "AddV2" input: "a" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
        ret { key: "r" value: "sum:z:0" }
      }
      function {
        signature { name: "same" input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT } }
        node_def { name: "id" op: "Identity" input: "a" attr { key: "T" value { type: DT_FLOAT } } }
        ret { key: "r" value: "id:output:0" }
      }
    }
    versions { producer: 2474 }
    """
