import GraphDefs
import Graphs
import Messages
import Operations
import SwiftProtobuf
import Testing

/// Large definitions: time in proportion to their size.
@Suite(.serialized) struct ScaleTests {
    private func type(_ dtype: Tensorflow_DataType) -> Tensorflow_AttrValue { .with { $0.type = dtype } }

    private func node(
        _ name: String, _ op: String, _ inputs: [String], _ attributes: [String: Tensorflow_AttrValue] = [:]
    ) -> Tensorflow_NodeDef {
        .with {
            $0.name = name
            $0.op = op
            $0.input = inputs
            $0.attr = attributes
        }
    }

    private var x: Tensorflow_NodeDef { node("x", "Placeholder", [], ["dtype": type(.dtFloat)]) }

    private func seconds(_ nodes: [Tensorflow_NodeDef], _ functions: [Tensorflow_FunctionDef] = []) throws -> Double {
        let definition = GraphDef(
            .with {
                $0.node = nodes
                $0.library.function = functions
            })
        let clock = ContinuousClock()
        let time = try clock.measure {
            let graph = Graph()
            try graph.importGraphDef(definition)
            _ = try GraphDef(graph).serialized
        }
        return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    }

    /// Four times as much takes at most eight times as long, or no time to speak of.
    ///
    /// - Parameters:
    ///   - factor: how much longer it may take where that is more.
    private func expectLinear(
        _ what: String, _ count: Int, factor: Double = 8, _ make: (Int) throws -> Double
    ) rethrows {
        let (small, large) = (try make(count), try make(4 * count))
        print("\(what): \(count) in \(small) s, \(4 * count) in \(large) s")
        #expect(large < max(factor * small, 2), "\(what)")
    }

    @Test func aLongChain() throws {
        try expectLinear("chain", 5000) { count in
            let chain = (0..<count).map { number in
                node("n\(number)", "Neg", [number == 0 ? "x" : "n\(number - 1)"], ["T": type(.dtFloat)])
            }
            return try seconds([x] + chain.reversed())
        }
    }

    @Test func aWideFan() throws {
        try expectLinear("fan", 5000) { count in
            let leaves = (0..<count).map { node("n\($0)", "Neg", ["x"], ["T": type(.dtFloat)]) }
            let names = leaves.map(\.name)
            return try seconds(
                [x] + leaves + [
                    node("sum", "AddN", names, ["T": type(.dtFloat), "N": .with { $0.i = Int64(count) }]),
                    node("group", "NoOp", names.map { "^" + $0 }),
                ])
        }
    }

    @Test func manyVariables() throws {
        try expectLinear("variables", 1000) { count in
            try seconds(
                (0..<count).flatMap { number -> [Tensorflow_NodeDef] in
                    let shape = Tensorflow_AttrValue.with { $0.shape = .init() }
                    return [
                        node("v\(number)", "VariableV2", [], ["dtype": type(.dtFloat), "shape": shape]),
                        node("v\(number)/read", "Identity", ["v\(number)"], ["T": type(.dtFloat)]),
                        node("v\(number)/Assign", "Assign", ["v\(number)", "v0/read"], ["T": type(.dtFloat)]),
                    ]
                })
        }
    }

    @Test func manyCallsOfManyFunctions() throws {
        try expectLinear("functions", 1000) { count in
            let functions = (0..<count).map { number -> Tensorflow_FunctionDef in
                .with {
                    $0.signature.name = "f\(number)"
                    $0.signature.inputArg = [
                        .with {
                            $0.name = "a"; $0.type = .dtFloat
                        }
                    ]
                    $0.signature.outputArg = [
                        .with {
                            $0.name = "r"; $0.type = .dtFloat
                        }
                    ]
                    $0.nodeDef = [node("n", "Neg", ["a"], ["T": type(.dtFloat)])]
                    $0.ret = ["r": "n:y:0"]
                }
            }
            let calls = (0..<count).map { number in
                node(
                    "c\(number)", "PartitionedCall", ["x"],
                    ["f": .with { $0.func = .with { $0.name = "f\(number)" } }])
            }
            return try seconds([x] + calls, functions)
        }
    }

    @Test func manyBranchesOfTensorFlow1() throws {
        // Each Merge is followed back, so the time grows with the square, up to a limit in the structuring itself.
        try expectLinear("branches", 50, factor: 25) { count in
            let p = node("p", "Placeholder", [], ["dtype": type(.dtBool)])
            let branches = (0..<count).flatMap { number -> [Tensorflow_NodeDef] in
                let (switched, type) = ("s\(number)", ["T": type(.dtFloat)])
                return [
                    node(switched, "Switch", [number == 0 ? "x" : "m\(number - 1)", "p"], type),
                    node("a\(number)", "Neg", [switched], type), node("b\(number)", "Neg", [switched + ":1"], type),
                    node("m\(number)", "Merge", ["a\(number)", "b\(number)"], type),
                ]
            }
            return try seconds([x, p] + branches)
        }
    }
}
