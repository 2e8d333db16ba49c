// The nodes with which TensorFlow restores a saved model's variables, and saves them again: what its `Saver` would add
// to the graph. They exist in the file only.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Messages
import Operations
import SwiftProtobuf
import Tensors

/// The nodes of a saver and the names under which loaders find them.
struct SaverNodes {
    private(set) var nodes: [Tensorflow_NodeDef] = []
    private(set) var definition = Tensorflow_SaverDef()
    private let scope: String

    /// - Parameters:
    ///   - isTaken: whether a node has a name already.
    init(_ variables: [AnyVariable], isTaken: (String) -> Bool) {
        var scope = "save"
        var number = 0
        while isTaken(scope + "/Const") || isTaken(scope) {
            number += 1
            scope = "save_\(number)"
        }
        self.scope = scope

        let filename = add("Const", "Const", [], ["dtype": type(.string), "value": strings(["model"], shape: [])])
        definition.filenameTensorName = filename + ":0"
        definition.version = .v2
        let save: String
        let restored: [String]
        if variables.isEmpty {
            save = filename
            restored = []
        } else {
            let types = Tensorflow_AttrValue.with { value in
                value.list = .with { $0.type = variables.map(\.dtype.message) }
            }
            let names = add(
                "SaveV2/tensor_names", "Const", [],
                ["dtype": type(.string), "value": strings(variables.map(\.name), shape: [variables.count])])
            let slices = add(
                "SaveV2/shape_and_slices", "Const", [],
                [
                    "dtype": type(.string),
                    "value": strings(Array(repeating: "", count: variables.count), shape: [variables.count]),
                ])
            let reads = variables.enumerated().map { index, variable in
                add("Read_\(index)/ReadVariableOp", "ReadVariableOp", [variable.name], ["dtype": type(variable.dtype)])
            }
            save = "^" + add("SaveV2", "SaveV2", [filename, names, slices] + reads, ["dtypes": types])
            let restore = add("RestoreV2", "RestoreV2", [filename, names, slices], ["dtypes": types])
            restored = variables.enumerated().map { index, variable in
                let output = index == 0 ? restore : "\(restore):\(index)"
                let value = add("Identity_\(index + 1)", "Identity", [output], ["T": type(variable.dtype)])
                let attributes = ["dtype": type(variable.dtype), "validate_shape": truth(false)]
                return "^" + add("AssignVariableOp_\(index)", "AssignVariableOp", [variable.name, value], attributes)
            }
        }
        let saved = add(
            "control_dependency", "Identity", save == filename ? [filename] : [filename, save], ["T": type(.string)])
        definition.saveTensorName = saved + ":0"
        definition.restoreOpName = add("restore_all", "NoOp", restored, [:])
    }

    private mutating func add(
        _ name: String, _ operation: String, _ inputs: [String], _ attributes: [String: Tensorflow_AttrValue]
    ) -> String {
        let fullName = "\(scope)/\(name)"
        nodes.append(
            .with {
                $0.name = fullName
                $0.op = operation
                $0.input = inputs
                $0.attr = attributes
            })
        return fullName
    }
}

private func type(_ dtype: DType) -> Tensorflow_AttrValue { .with { $0.type = dtype.message } }

private func truth(_ value: Bool) -> Tensorflow_AttrValue { .with { $0.b = value } }

private func strings(_ strings: [String], shape: [Int]) -> Tensorflow_AttrValue {
    .with { value in
        value.tensor = .with {
            $0.dtype = .dtString
            $0.tensorShape = Shape(shape).message
            $0.stringVal = strings.map { Data($0.utf8) }
        }
    }
}

/// A node that holds the name of an asset, which loaders replace by its path.
func assetNode(_ name: String, named nodeName: String) -> Tensorflow_NodeDef {
    .with {
        $0.name = nodeName
        $0.op = "Const"
        $0.attr = ["dtype": type(.string), "value": strings([name], shape: [])]
    }
}
