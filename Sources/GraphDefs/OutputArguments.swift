// What TensorFlow calls the outputs of ops, by which functions name them: `MatMul:product:0`.

/// The names of ops' outputs.
enum OutputArguments {
    /// The names of an op's outputs, in order; one name may stand for a list of outputs.
    static func names(of operation: String) -> [String] { table[operation] ?? ["output"] }

    /// Output `number` as functions name it.
    static func name(of operation: String, output number: Int) -> String {
        let names = names(of: operation)
        // Several names are one output each; a single one may be a list.
        return names.count > 1 && number < names.count ? "\(names[number]):0" : "\(names[0]):\(number)"
    }

    private static let table: [String: [String]] = {
        var table: [String: [String]] = [:]
        for (names, operations) in rows {
            for operation in operations { table[operation] = names }
        }
        return table
    }()

    /// Ops by the names of their outputs, but for those with `output` alone.
    private static let rows: [(names: [String], operations: [String])] = [
        (
            ["activations"],
            [
                "Elu", "LeakyRelu", "Relu", "Relu6", "Selu", "Softplus", "Softsign",
            ]
        ),
        (
            ["backprops"],
            [
                "EluGrad", "LeakyReluGrad", "Relu6Grad", "ReluGrad", "SeluGrad", "SoftplusGrad", "SoftsignGrad",
            ]
        ),
        (
            ["diagonal"],
            [
                "MatrixDiagPart", "MatrixDiagPartV3",
            ]
        ),
        (
            ["e", "v"],
            [
                "SelfAdjointEigV2"
            ]
        ),
        (
            ["flow_out"],
            [
                "TensorArrayWriteV3"
            ]
        ),
        (
            ["handle"],
            [
                "TensorListReserve"
            ]
        ),
        (
            ["handle", "flow"],
            [
                "TensorArrayV3"
            ]
        ),
        (
            ["index"],
            [
                "Where"
            ]
        ),
        (
            ["is_initialized"],
            [
                "VarIsInitializedOp"
            ]
        ),
        (
            ["item"],
            [
                "TensorListGetItem"
            ]
        ),
        (
            ["keys", "values"],
            [
                "LookupTableExportV2"
            ]
        ),
        (
            ["logsoftmax"],
            [
                "LogSoftmax"
            ]
        ),
        (
            ["loss", "backprop"],
            [
                "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits",
            ]
        ),
        (
            ["merged"],
            [
                "DynamicStitch", "ParallelDynamicStitch",
            ]
        ),
        (
            ["offset"],
            [
                "ConcatOffset"
            ]
        ),
        (
            ["out"],
            [
                "Cumprod", "Cumsum",
            ]
        ),
        (
            ["out", "idx"],
            [
                "ListDiff"
            ]
        ),
        (
            ["output", "value_index"],
            [
                "Merge", "RefMerge",
            ]
        ),
        (
            ["output_false", "output_true"],
            [
                "RefSwitch", "Switch",
            ]
        ),
        (
            ["output_handle"],
            [
                "TensorListFromTensor", "TensorListSetItem",
            ]
        ),
        (
            ["output_handle", "tensor"],
            [
                "TensorListPopBack"
            ]
        ),
        (
            ["output_ref"],
            [
                "Assign"
            ]
        ),
        (
            ["outputs"],
            [
                "DynamicPartition"
            ]
        ),
        (
            ["product"],
            [
                "MatMul"
            ]
        ),
        (
            ["q", "r"],
            [
                "Qr"
            ]
        ),
        (
            ["r0", "r1"],
            [
                "BroadcastGradientArgs"
            ]
        ),
        (
            ["ref"],
            [
                "Variable"
            ]
        ),
        (
            ["resource"],
            [
                "VarHandleOp"
            ]
        ),
        (
            ["s", "u", "v"],
            [
                "Svd"
            ]
        ),
        (
            ["softmax"],
            [
                "Softmax"
            ]
        ),
        (
            ["sum"],
            [
                "AddN"
            ]
        ),
        (
            ["summary"],
            [
                "AudioSummaryV2", "HistogramSummary", "ImageSummary", "MergeSummary", "ScalarSummary",
                "TensorSummaryV2",
            ]
        ),
        (
            ["tensor"],
            [
                "TensorListStack"
            ]
        ),
        (
            ["tensors"],
            [
                "RestoreV2"
            ]
        ),
        (
            ["value"],
            [
                "ReadVariableOp", "TensorArrayGatherV3", "TensorArrayReadV3",
            ]
        ),
        (
            ["values", "indices"],
            [
                "TopK", "TopKV2",
            ]
        ),
        (
            ["x_backprop", "scale_backprop", "offset_backprop", "reserve_space_4", "reserve_space_5"],
            [
                "FusedBatchNormGradV3"
            ]
        ),
        (
            ["y"],
            [
                "Abs", "Acos", "Asin", "Atan", "Cast", "Ceil", "Cos", "Cosh", "Erf", "Erfc", "Exp", "Expm1",
                "Floor", "InvertPermutation", "IsFinite", "IsInf", "IsNan", "Log", "Log1p", "LogicalNot", "Neg",
                "OnesLike", "Reciprocal", "Rint", "Round", "Rsqrt", "Sigmoid", "Sign", "Sin", "Sinh", "Sqrt",
                "Square", "Tan", "Tanh", "Transpose", "ZerosLike",
            ]
        ),
        (
            ["y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"],
            [
                "FusedBatchNorm", "FusedBatchNormV2",
            ]
        ),
        (
            ["y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"],
            [
                "FusedBatchNormV3"
            ]
        ),
        (
            ["y", "idx"],
            [
                "Unique", "UniqueV2",
            ]
        ),
        (
            ["y", "idx", "count"],
            [
                "UniqueWithCounts"
            ]
        ),
        (
            ["z"],
            [
                "Add", "AddV2", "Atan2", "Div", "DivNoNan", "Equal", "FloorDiv", "FloorMod", "Greater",
                "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr", "Maximum", "Minimum", "Mul",
                "NotEqual", "Pow", "RealDiv", "ReciprocalGrad", "RsqrtGrad", "SigmoidGrad", "SqrtGrad",
                "SquaredDifference", "Sub", "TanhGrad", "TruncateDiv", "TruncateMod", "Xdivy", "Xlogy",
            ]
        ),
    ]
}
