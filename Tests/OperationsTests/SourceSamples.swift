// Samples of what brings data into a graph, passes it on, keeps it or draws it.

import Graphs
import Operations
import Tensors
import Training

extension OpSample {
    static let sources: [OpSample] =
        filling(Float.self) + filling(Double.self) + [
            OpSample(operation: "Const", inputs: [], gradient: .noInput) { _ in
                [
                    constant([[1, 2], [3, 4]] as [[Float]]).value, constant(7 as Int64).value,
                    constant([true, false]).value, constant([] as [Double]).value,
                ]
            },
            OpSample(operation: "Range", variant: "int32", inputs: [], gradient: .noInput) { _ in
                [
                    range(2 as Int32, 11, 3).value, range(5 as Int64, 0, -2).value,
                    range(3 as Int32, 3).value,
                ]
            },
            OpSample(operation: "Range", variant: "float32", inputs: [], gradient: .noInput) { _ in
                [range(0 as Float, 1, 0.25).value]
            },
        ]

    private static func filling<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let shapes = [[2, 3], [], [0, 3]]
        let anything = Domain.uniform(-3...3)
        let noGradient = GradientExpectation.none(reason: "it uses the shape of its input alone")
        return [
            unary("Placeholder", of: type, shapes: shapes, in: anything) { [identity($0).value] },
            unary("PlaceholderWithDefault", of: type, shapes: shapes, in: anything) {
                [placeholder(withDefault: $0).value]
            },
            unary("ZerosLike", of: type, shapes: shapes, in: anything, gradient: noGradient) {
                [zeros(like: $0).value]
            },
            unary("OnesLike", of: type, shapes: shapes, in: anything, gradient: noGradient) { [ones(like: $0).value] },
            unary("Fill", of: type, shapes: [[]], in: anything) { [fill([2, 3], with: $0).value] },
            unary("Fill", "of nothing", of: type, shapes: [[]], in: anything) { [fill([2, 0], with: $0).value] },
            unary("MatrixDiag", of: type, shapes: [[3], [2, 3], [0]], in: anything) {
                [makeValue(MatrixDiagonal(dtype: Scalar.dtype), [$0.value])]
            },
            unary(
                "MatrixDiagPart", of: type, shapes: [[3, 3], [2, 4, 4], [0, 0]], in: anything
            ) { [makeValue(MatrixDiagonalPart(dtype: Scalar.dtype), [$0.value])] },
        ].flatMap { $0 }
    }

    static let passing: [OpSample] =
        floatingPassing(Float.self) + floatingPassing(Double.self) + [
            OpSample(operation: "NoOp", inputs: [SampleInput(.float32, [2], .uniform(-1...1))], gradient: .noInput) {
                x in
                let node = group(x[0].node, noOp())
                return [withControlDependencies([node]) { identity(Tensor<Float>(x[0])).value }]
            },
            OpSample(
                operation: "Cast", variant: "to int32", inputs: [SampleInput(.float32, [2, 3], .uniform(-9...9))],
                gradient: .none(reason: "a conversion from float32 to int32 passes no gradient")
            ) { [cast(Tensor<Float>($0[0]), to: Int32.self).value] },
            OpSample(
                operation: "Cast", variant: "to float64", inputs: [SampleInput(.float32, [2, 3], .uniform(-9...9))]
            ) {
                [cast(Tensor<Float>($0[0]), to: Double.self).value]
            },
            OpSample(
                operation: "Cast", variant: "from bool", inputs: [SampleInput(.bool, [5], .truth)], gradient: .noInput
            ) {
                [cast(Tensor<Bool>($0[0]), to: Float.self).value, cast(Tensor<Bool>($0[0]), to: Int64.self).value]
            },
            OpSample(
                operation: "Cast", variant: "to bool", inputs: [SampleInput(.int32, [5], .integers(-1...1))],
                gradient: .noInput
            ) { [cast(Tensor<Int32>($0[0]), to: Bool.self).value] },
            OpSample(
                operation: "Cast", variant: "to uint8",
                inputs: [SampleInput(.int32, [5], .values([0, 255, 256, -1, 77]))],
                gradient: .noInput
            ) { [cast(Tensor<Int32>($0[0]), to: UInt8.self).value] },
            OpSample(operation: "BroadcastGradientArgs", inputs: [], gradient: .noInput) { _ in
                let shapes = [integerConstant([3, 1, 2]), integerConstant([5, 2])]
                return Graph.default.add(BroadcastGradientArguments(dtype: .int32), shapes)
            },
        ]

    private static func floatingPassing<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let shapes = [[2, 3], [], [0, 3]]
        let anything = Domain.uniform(-3...3)
        let selections: [[[Int]]] = [
            [[2, 3], [2, 3], [2, 3]], [[2, 1], [3], []], [[], [2, 3], [2, 3]], [[0], [1], [0]],
        ]
        return [
            unary("Identity", of: type, shapes: shapes, in: anything) { [identity($0).value] },
            unary(
                "StopGradient", of: type, shapes: shapes, in: anything,
                gradient: .none(reason: "stopGradient(_:) holds the gradient back")
            ) { [stopGradient($0).value] },
            unary(
                "PreventGradient", of: type, shapes: shapes, in: anything, gradient: .none(reason: "because I say so")
            ) { [preventGradient($0, message: "because I say so").value] },
            unary("EnsureShape", of: type, shapes: [[2, 3]], in: anything) { [ensureShape($0, [nil, 3]).value] },
            family("AddN", of: type, shapes: [[[2, 3], [2, 3], [2, 3]], [[], []], [[0, 3]]], domains: [anything]) {
                [addN($0).value]
            },
            selections.map { shapes in
                OpSample(
                    operation: "SelectV2",
                    inputs: [
                        SampleInput(.bool, shapes[0], .truth), SampleInput(Scalar.dtype, shapes[1], anything),
                        SampleInput(Scalar.dtype, shapes[2], anything),
                    ]
                ) { [select(where: Tensor<Bool>($0[0]), Tensor<Scalar>($0[1]), Tensor<Scalar>($0[2])).value] }
            },
        ].flatMap { $0 }
    }

    // MARK: - Variables

    static let state: [OpSample] = variables(Float.self) + variables(Double.self)

    private static func variables<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let anything = Domain.uniform(-3...3)
        let start = NDArray<Scalar>([1, -2, 3])
        func sample(
            _ operation: String, gradient: GradientExpectation = .smooth,
            build: @escaping @Sendable (Variable<Scalar>, Tensor<Scalar>) -> [Value]
        ) -> [OpSample] {
            unary(operation, of: type, shapes: [[3]], in: anything, gradient: gradient) { x in
                build(Variable<Scalar>(start, in: x.graph), x)
            }
        }
        let noGradient = GradientExpectation.none(reason: "does not depend on")
        return [
            sample("VarHandleOp") { [($0 * $1).value] },
            sample("ReadVariableOp") { [(Operations.exp($0.read()) * $1).value] },
            sample("AssignVariableOp", gradient: noGradient) { [$0.assign($1).value] },
            sample("AssignAddVariableOp", gradient: noGradient) { [$0.assignAdd($1).value] },
            sample("AssignSubVariableOp", gradient: noGradient) { [$0.assignSub($1).value] },
        ].flatMap { $0 } + updates(type)
    }

    /// Each update of an optimizer: the variable and its slots afterwards.
    private static func updates<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let numbers: [String: Scalar] = [
            "alpha": 0.5, "lr": 0.5, "momentum": 0.75, "rho": 0.9, "epsilon": 0.01, "beta1_power": 0.9,
            "beta2_power": 0.8, "beta1": 0.9, "beta2": 0.8, "l1": 0.05, "l2": 0.1, "l2_shrinkage": 0.2,
            "lr_power": -0.5,
        ]
        @Sendable func values(_ rule: UpdateRule, _ gradient: UpdateGradient, _ start: NDArray<Scalar>, in graph: Graph)
            -> [Value]
        {
            graph.asDefault {
                let variable = AnyVariable(Variable<Scalar>(start, name: "variable"))
                let slots = (1..<max(1, rule.variableCount)).map { index in
                    AnyVariable(
                        Variable<Scalar>(
                            .constant(Scalar(clamping: 0.25 * Double(index))), shape: start.shape, name: "slot_\(index)"
                        ))
                }
                let node = makeUpdate(
                    rule, variable, slots: slots.map(\.handle),
                    numbers: rule.numberNames.map { constant(numbers[$0] ?? 0).value }, gradient: gradient)
                return withControlDependencies([node]) { ([variable] + slots).map { $0.read() } }
            }
        }
        let anything = Domain.uniform(-3...3)
        return UpdateRule.allCases.flatMap { rule -> [OpSample] in
            let dense = unary(
                "ResourceApply\(rule.rawValue)", of: type, shapes: [[3]], in: anything,
                gradient: .none(reason: "does not depend on")
            ) { x in values(rule, .dense(x.value), NDArray<Scalar>([1, -2, 3]), in: x.graph) }
            guard rule.hasSparseForm else { return dense }
            // No row twice: TensorFlow's kernels then depend on the order.
            let sparse = unary(
                "ResourceSparseApply\(rule.rawValue)", of: type, shapes: [[2, 2]], in: anything,
                gradient: .none(reason: "does not depend on")
            ) { x in
                let indices = constant([3, 1] as [Int32], in: x.graph)
                let start = NDArray<Scalar>(repeating: 2, shape: [4, 2])
                return values(rule, .rows(x.value, indices: indices.value), start, in: x.graph)
            }
            return dense + sparse
        }
    }

    // MARK: - Random numbers

    static let random: [OpSample] =
        randomNumbers(Float.self) + randomNumbers(Double.self) + [
            OpSample(operation: "RandomUniformInt", inputs: [], gradient: .noInput) { _ in
                [
                    (randomInteger([5], in: -3..<10, seed: 3) as Tensor<Int32>).value,
                    (randomInteger([2, 2], in: 0..<1_000_000_000_000, seed: 4) as Tensor<Int64>).value,
                ]
            },
            OpSample(
                operation: "StatelessRandomUniformInt",
                inputs: [SampleInput(.int64, [2], .values([-123_456_789_012, 7]))], gradient: .noInput
            ) { values in
                let operation = StatelessRandomIntegers(dtype: .int32)
                let bounds = [scalarConstant(-5, .int32), scalarConstant(1000, .int32)]
                return [makeValue(operation, [integerConstant([9]), values[0]] + bounds)]
            },
        ]

    private static func randomNumbers<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        [
            OpSample(operation: "RandomUniform", variant: "\(Scalar.dtype)", inputs: [], gradient: .noInput) { _ in
                [
                    (randomUniform([2, 3], seed: 1) as Tensor<Scalar>).value,
                    (randomUniform([], in: -2..<5, seed: 2) as Tensor<Scalar>).value,
                    (randomUniform([0], seed: 3) as Tensor<Scalar>).value,
                ]
            },
            OpSample(operation: "RandomStandardNormal", variant: "\(Scalar.dtype)", inputs: [], gradient: .noInput) {
                _ in
                [(randomNormal([7], mean: 1, standardDeviation: 2, seed: 1) as Tensor<Scalar>).value]
            },
            OpSample(operation: "TruncatedNormal", variant: "\(Scalar.dtype)", inputs: [], gradient: .noInput) { _ in
                [(truncatedNormal([50], seed: 1) as Tensor<Scalar>).value]
            },
            OpSample(
                operation: "StatelessRandomUniform", variant: "\(Scalar.dtype)",
                inputs: [SampleInput(.int64, [2], .values([5_000_000_000, -3]))], gradient: .noInput
            ) { values in
                let seed = Tensor<Int64>(values[0])
                return [
                    (statelessUniform([2, 3], seed: seed) as Tensor<Scalar>).value,
                    (statelessUniform([7], seed: seed, in: -2..<5) as Tensor<Scalar>).value,
                    (statelessUniform([0], seed: seed) as Tensor<Scalar>).value,
                ]
            },
            OpSample(
                operation: "StatelessRandomNormal", variant: "\(Scalar.dtype)",
                inputs: [SampleInput(.int32, [2], .values([-5, 3]))], gradient: .noInput
            ) { values in
                let seed = Tensor<Int32>(values[0])
                return [(statelessNormal([7], seed: seed, mean: 1, standardDeviation: 2) as Tensor<Scalar>).value]
            },
            OpSample(
                operation: "StatelessTruncatedNormal", variant: "\(Scalar.dtype)",
                inputs: [SampleInput(.int32, [2], .values([1, 2]))], gradient: .noInput
            ) { values in
                [(statelessTruncatedNormal([50], seed: Tensor<Int32>(values[0])) as Tensor<Scalar>).value]
            },
        ]
    }
}
