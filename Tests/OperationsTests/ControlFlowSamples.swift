// Samples of branches, loops and calls of functions.

import Graphs
import Operations
import Tensors

extension OpSample {
    static let controlFlow: [OpSample] = controlFlow(Float.self) + controlFlow(Double.self)

    private static func controlFlow<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        branches(type) + loops(type) + calls(type)
    }

    private static let anything = Domain.uniform(-2...2)

    private static func branches<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let noGradient = GradientExpectation.none(reason: "depend on an update of a variable")
        let ifs = [1.0, 0].flatMap { truth -> [OpSample] in
            let inputs = [
                SampleInput(.bool, [], .values([truth])), SampleInput(Scalar.dtype, [2, 3], anything),
                SampleInput(Scalar.dtype, [3], anything),
            ]
            return [
                OpSample(operation: "StatelessIf", variant: "\(truth == 1)", inputs: inputs) { values in
                    let (x, y) = (Tensor<Scalar>(values[1]), Tensor<Scalar>(values[2]))
                    return [cond(Tensor<Bool>(values[0]), then: { x * x * y }, else: { Operations.sin(x) }).value]
                },
                OpSample(
                    operation: "If", variant: "\(truth == 1)", inputs: [inputs[0], inputs[2]], gradient: noGradient
                ) { values in
                    let y = Tensor<Scalar>(values[1])
                    let v = Variable<Scalar>(NDArray([1, -2, 3]), in: y.graph)
                    return [cond(Tensor<Bool>(values[0]), then: { v.assignAdd(y) }, else: { v * y }).value]
                },
            ]
        }
        let cases = [-1.0, 0, 2].flatMap { number -> [OpSample] in
            let inputs = [
                SampleInput(.int32, [], .values([number])), SampleInput(Scalar.dtype, [3], anything),
            ]
            return [
                OpSample(operation: "StatelessCase", variant: "\(number)", inputs: inputs) { values in
                    let x = Tensor<Scalar>(values[1])
                    let index = Tensor<Int32>(values[0])
                    return [switchCase(index, branches: [{ x * 2 }, { x * x }, { Operations.exp(x) * x }]).value]
                },
                OpSample(operation: "Case", variant: "\(number)", inputs: inputs, gradient: noGradient) { values in
                    let x = Tensor<Scalar>(values[1])
                    let v = Variable<Scalar>(NDArray([1, -2, 3]), in: x.graph)
                    return [
                        switchCase(
                            Tensor<Int32>(values[0]), branches: [{ v.assign(x) }, { v * x }, { v.assignSub(x) }]
                        ).value
                    ]
                },
            ]
        }
        return ifs + cases
    }

    private static func loops<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let inputs = [SampleInput(.int32, [], .values([3])), SampleInput(Scalar.dtype, [2, 2], anything)]
        let noGradient = GradientExpectation.none(reason: "give maximumIterations")
        return [
            OpSample(operation: "StatelessWhile", inputs: inputs, gradient: noGradient) { values in
                let (n, x) = (Tensor<Int32>(values[0]), Tensor<Scalar>(values[1]))
                let (_, power, _) = whileLoop(constant(0, in: n.graph) as Tensor<Int32>, x, n) { i, _, n in
                    less(i, n)
                } body: { i, power, n in
                    (i + 1, matmul(power, x) * 0.5, n)
                }
                return [power.value]
            },
            OpSample(operation: "StatelessWhile", variant: "at most 5 turns", inputs: inputs) { values in
                let (n, x) = (Tensor<Int32>(values[0]), Tensor<Scalar>(values[1]))
                let (_, power) = whileLoop(constant(0, in: n.graph) as Tensor<Int32>, x, maximumIterations: 5) { i, _ in
                    less(i, n)
                } body: { i, power in
                    (i + 1, matmul(power, x) * 0.5)
                }
                return [power.value]
            },
            OpSample(
                operation: "StatelessWhile", variant: "rows", inputs: [inputs[1]],
                needs: .everything(reason: "the gradient needs the number of turns")
            ) { values in
                let x = Tensor<Scalar>(values[0])
                return [
                    scan(x) { $0 * $1 + $0 }.value, mapFn(x) { ($0 * $0).sum() }.value,
                    foldr(x, initial: Operations.ones([2], in: x.graph)) { $0 * $1 }.value,
                ]
            },
            OpSample(operation: "StatelessWhile", variant: "random", inputs: [inputs[0]], gradient: .noInput) {
                values in
                let n = Tensor<Int32>(values[0])
                let (_, sum) = whileLoop(
                    constant(0, in: n.graph) as Tensor<Int32>, Operations.zeros([2, 3], in: n.graph) as Tensor<Scalar>
                ) { i, _ in
                    less(i, n)
                } body: { i, sum in
                    let (_, next) = whileLoop(constant(0) as Tensor<Int32>, sum) { j, _ in
                        less(j, 2)
                    } body: { j, sum in
                        (j + 1, sum + randomNormal([2, 3], seed: 5))
                    }
                    return (i + 1, next)
                }
                return [sum.value]
            },
            OpSample(operation: "While", inputs: inputs, gradient: noGradient) { values in
                let (n, x) = (Tensor<Int32>(values[0]), Tensor<Scalar>(values[1]))
                let v = Variable<Scalar>(.zeros, shape: [2, 2], in: x.graph)
                let (_, last) = whileLoop(constant(0, in: n.graph) as Tensor<Int32>, x) { i, _ in
                    less(i, n)
                } body: { i, last in
                    (i + 1, last * 0.5 + v.assignAdd(x))
                }
                return [last.value, withControlDependencies([last.node]) { v.read().value }]
            },
        ]
    }

    private static func calls<Scalar: FloatingElement>(_ type: Scalar.Type) -> [OpSample] {
        let dtype = Scalar.dtype
        return [
            OpSample(
                operation: "PartitionedCall",
                inputs: [SampleInput(dtype, [2, 3], anything), SampleInput(dtype, [3], anything)]
            ) { values in
                let body = Graph()
                let (x, y) = (
                    body.addArgument(TensorType(dtype, .unknown)), body.addArgument(TensorType(dtype, [nil]))
                )
                let results = body.asDefault {
                    let (x, y) = (Tensor<Scalar>(x), Tensor<Scalar>(y))
                    return [(x * y).value, Operations.tanh(y).value]
                }
                guard let function = try? FunctionBody(name: "f", graph: body, arguments: [x, y], results: results)
                else { return [] }
                let graph = values[0].graph
                return withGraph(graph) { graph.add(FunctionCall(function, isStateful: false), values) }
            },
            OpSample(operation: "StatefulPartitionedCall", inputs: [SampleInput(dtype, [3], anything)]) { values in
                let graph = values[0].graph
                let v = Variable<Scalar>(NDArray([1, -2, 3]), in: graph)
                let body = Graph()
                let handle = body.addArgument(TensorType(.resource, .scalar), variableType: v.type)
                let x = body.addArgument(TensorType(dtype, .unknown))
                let result = body.asDefault {
                    let read = Tensor<Scalar>(makeValue(ReadVariable(type: v.type), [handle]))
                    return (read * Operations.exp(Tensor<Scalar>(x))).value
                }
                guard
                    let function = try? FunctionBody(name: "f", graph: body, arguments: [handle, x], results: [result])
                else { return [] }
                return withGraph(graph) { graph.add(FunctionCall(function, isStateful: true), [v.handle, values[0]]) }
            },
        ]
    }
}
