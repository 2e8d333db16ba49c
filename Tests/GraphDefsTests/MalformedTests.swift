import Foundation
import GraphDefs
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Definitions that make no sense, each with what the user is told.
@Suite struct MalformedTests {
    struct Malformed: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let message: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ message: String) {
            (self.name, self.text, self.message) = (name, text, message)
        }
    }

    private static let x =
        #"node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: 2 } } } } }"#
    private static let float = #"attr { key: "T" value { type: DT_FLOAT } }"#
    private static func constant(_ tensor: String, dtype: String = "DT_FLOAT") -> String {
        #"node { name: "c" op: "Const" attr { key: "dtype" value { type: \#(dtype) } } attr { key: "value" value { tensor { \#(tensor) } } } }"#
    }
    private static func function(_ name: String, calls callee: String, times: Int = 1) -> String {
        let nodes = (0..<times).map { number in
            #"node_def { name: "n\#(number)" op: "PartitionedCall" input: "a" attr { key: "f" value { func { name: "\#(callee)" } } } }"#
        }
        return
            #"function { signature { name: "\#(name)" input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT } } \#(nodes.joined(separator: " ")) ret { key: "r" value: "n0:output:0" } }"#
    }
    private static let callF =
        #"node { name: "call" op: "PartitionedCall" input: "x" attr { key: "f" value { func { name: "f" } } } }"#

    static let table: [Malformed] = [
        .init("two nodes of one name", "\(x) \(x)", #"node "x": there are two nodes of this name"#),
        .init(
            "a data input that is not there", #"\#(x) node { name: "y" op: "Neg" input: "xx" \#(float) }"#,
            "node \"y\": the input \"xx\" names no node\n    hint: did you mean \"x\"?"),
        .init(
            "a control input that is not there",
            #"\#(x) node { name: "y" op: "Neg" input: "x" input: "^z" \#(float) }"#,
            #"node "y": the input "^z" names no node"# + "\n    hint: did you mean \"x\"?"),
        .init(
            "an output that is not there", #"\#(x) node { name: "y" op: "Neg" input: "x:1" \#(float) }"#,
            #"node "y": takes output 1 of "x" (Placeholder), which has 1"#),
        .init(
            "an output with a number beyond all", #"\#(x) node { name: "y" op: "Neg" input: "x:999999" \#(float) }"#,
            #"node "y": the input "x:999999" names an output that no node has"#),
        .init(
            "an output that is no number", #"\#(x) node { name: "y" op: "Neg" input: "x:one" \#(float) }"#,
            #"node "y": the input "x:one" is no tensor's name: after the colon stands the number of an output"#),
        .init(
            "a data input after a control input",
            #"\#(x) node { name: "y" op: "Neg" input: "^x" input: "x" \#(float) }"#,
            #"node "y": has a data input after control inputs"#),
        .init(
            "a circle",
            #"node { name: "a" op: "Neg" input: "b" \#(float) } node { name: "b" op: "Neg" input: "a" \#(float) }"#,
            #"node "a": nodes wait for each other in a circle, among them "a", "b""#),
        .init(
            "a node that waits for itself", #"node { name: "a" op: "NoOp" input: "^a" }"#,
            #"node "a": nodes wait for each other in a circle, among them "a""#),
        .init("no op", #"node { name: "a" }"#, #"node "a": has no op"#),
        .init(
            "no name", #"node { op: "NoOp" }"#,
            "the name \"\" of node number 0 is not valid\n    hint: a name starts with a letter, a digit, '.' or '_', "
                + "and goes on with those, '-', '/' or '>'"),
        .init(
            "a name with a space", #"node { name: "a b" op: "NoOp" }"#,
            "the name \"a b\" of node number 0 is not valid\n    hint: a name starts with a letter, a digit, '.' or "
                + "'_', and goes on with those, '-', '/' or '>'"),
        .init(
            "a missing attribute", #"\#(x) node { name: "y" op: "Neg" input: "x" }"#,
            #"node "y": Neg: the attribute "T" is missing"#),
        .init(
            "an attribute of another kind",
            #"\#(x) node { name: "y" op: "Neg" input: "x" attr { key: "T" value { i: 1 } } }"#,
            #"node "y": Neg: the attribute "T" is not a type"#),
        .init(
            "a type with an unknown number",
            #"\#(x) node { name: "y" op: "Neg" input: "x" attr { key: "T" value { type: 77 } } }"#,
            #"node "y": attribute "T": there is no element type with the number 77"#),
        .init(
            "a count below 1", #"node { name: "y" op: "AddN" \#(float) attr { key: "N" value { i: 0 } } }"#,
            #"node "y": AddN: the attribute "N" is 0, but must be at least 1"#),
        .init(
            "a count beyond all",
            #"node { name: "y" op: "AddN" \#(float) attr { key: "N" value { i: 1099511627776 } } }"#,
            #"node "y": AddN: the attribute "N" is 1099511627776, but must be at least 1"#),
        .init(
            "a count that contradicts the inputs",
            #"\#(x) node { name: "y" op: "AddN" input: "x" \#(float) attr { key: "N" value { i: 3 } } }"#,
            #"AddN "y": takes 3 inputs, but has 1"#),
        .init(
            "too few inputs", #"\#(x) node { name: "y" op: "AddV2" input: "x" \#(float) }"#,
            #"AddV2 "y": takes 2 inputs, but has 1"#),
        .init(
            "an input of another type",
            #"\#(x) node { name: "y" op: "Identity" input: "x" attr { key: "T" value { type: DT_INT32 } } }"#,
            "Identity \"y\": the inputs' types differ: float32 and int32\n      hint: convert one with cast(_:to:)"),
        .init(
            "a constant with too few bytes",
            constant(#"dtype: DT_FLOAT tensor_shape { dim { size: 3 } } tensor_content: "\000\000" "#),
            #"node "c": attribute "value": a tensor of float32[3] needs 12 bytes, but has 2"#),
        .init(
            "a constant with too many elements",
            constant("dtype: DT_FLOAT tensor_shape { dim { size: 1 } } float_val: 1 float_val: 2"),
            #"node "c": attribute "value": a tensor of float32[1] has more elements than its shape says"#),
        .init(
            "a constant of unknown shape", constant("dtype: DT_FLOAT tensor_shape { dim { size: -1 } }"),
            #"node "c": attribute "value": a tensor of float32 has the shape [?], which is not fully known or too large"#
        ),
        .init(
            "a constant with a negative dimension", constant("dtype: DT_FLOAT tensor_shape { dim { size: -2 } }"),
            #"node "c": attribute "value": a shape has the dimension -2"#),
        .init(
            "a constant too large to count",
            constant(
                "dtype: DT_FLOAT tensor_shape { dim { size: 4611686018427387904 } dim { size: 4611686018427387904 } }"),
            #"node "c": attribute "value": a tensor of float32 has the shape "#
                + "[4611686018427387904, 4611686018427387904], which is not fully known or too large"),
        .init(
            "a constant that repeats one element far too often",
            constant("dtype: DT_FLOAT tensor_shape { dim { size: 1099511627776 } } float_val: 1"),
            #"node "c": attribute "value": a tensor of float32[1099511627776] would take 4398046511104 bytes, "#
                + "but lists only 4"),
        .init(
            "a constant whose types differ", constant("dtype: DT_INT32 tensor_shape {} int_val: 1"),
            #"node "c": Const: the attribute "value" is of int32, but "dtype" says float32"#),
        .init(
            "a reader that is too old", "\(x) versions { producer: 9999 min_consumer: 9999 }",
            "it asks for a reader of version 9999 or newer; this is one of version 2474"),
        .init(
            "a function that is not there", "\(x) \(callF)", #"node "call": there is no function "f" in the library"#),
        .init(
            "a function that calls itself", "\(x) \(callF) library { \(function("f", calls: "f")) }",
            #"node "call/n0": the function "f" calls itself, or calls are nested too deeply"#),
        .init(
            "functions of one name",
            "\(x) library { \(function("f", calls: "g")) \(function("f", calls: "g")) }",
            #"the library holds two functions named "f""#),
        .init(
            "too few arguments",
            "\(callF.replacingOccurrences(of: #"input: "x""#, with: "")) library { \(function("f", calls: "g")) }",
            #"node "call": the function "f" takes 1 arguments, but gets 0"#),
        .init(
            "a result that is not there",
            #"\#(x) \#(callF) library { function { signature { name: "f" input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT } } } }"#,
            #"node "call": the function "f" has no value for its result "r""#),
        .init(
            "an input inside of a function that is not there",
            #"\#(x) \#(callF) library { function { signature { name: "f" input_arg { name: "a" type: DT_FLOAT } } node_def { name: "n" op: "Neg" input: "b" } } }"#,
            #"node "call": in function "f" the input "b" of "n" names no node"#),
        .init(
            "a branch whose function is not there",
            #"\#(x) node { name: "p" op: "Placeholder" attr { key: "dtype" value { type: DT_BOOL } } } node { name: "b" op: "If" input: "p" attr { key: "Tcond" value { type: DT_BOOL } } attr { key: "then_branch" value { func { name: "t" } } } attr { key: "else_branch" value { func { name: "t" } } } }"#,
            #"node "b": If: function "t": there is no function "t" in the library"#),
        .init(
            "a loop without a condition",
            #"\#(x) node { name: "e" op: "Enter" input: "x" \#(float) attr { key: "frame_name" value { s: "loop" } } }"#,
            #"the loop "loop" is not supported: it has no LoopCond"#),
        .init(
            "functions that grow like powers",
            "\(x) \(callF.replacingOccurrences(of: #""f" }"#, with: #""f0" }"#)) library { "
                + (0..<30).map { function("f\($0)", calls: "f\($0 + 1)", times: 2) }.joined(separator: " ")
                + #" function { signature { name: "f30" input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT } } node_def { name: "n" op: "Neg" input: "a" \#(float) } ret { key: "r" value: "n:y:0" } } }"#,
            "the functions' calls make more than"),
    ]

    @Test(arguments: table)
    func isRefusedWithItsReason(_ malformed: Malformed) throws {
        let graph = Graph()
        let definition = try GraphDef(text: malformed.text)
        var message = "no error"
        do { try graph.importGraphDef(definition) } catch { message = "\(error)" }
        #expect(message.contains(malformed.message), "\(message)")
        #expect(graph.nodeCount == 0)
    }

    /// A function with a constant of a megabyte, called a thousand times, would take a gigabyte.
    @Test func constantsInFunctionsDoNotMultiplyWithoutEnd() throws {
        let megabyte = String(repeating: "\\000", count: 1 << 20)
        let body =
            #"function { signature { name: "f" input_arg { name: "a" type: DT_FLOAT } output_arg { name: "r" type: DT_FLOAT } } node_def { name: "c" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 262144 } } tensor_content: "\#(megabyte)" } } } } node_def { name: "n" op: "Identity" input: "a" \#(Self.float) } ret { key: "r" value: "n:output:0" } }"#
        let calls = (0..<1000).map { number in
            #"node { name: "call\#(number)" op: "PartitionedCall" input: "x" attr { key: "f" value { func { name: "f" } } } }"#
        }
        let definition = try GraphDef(text: "\(Self.x) \(calls.joined(separator: " ")) library { \(body) }")
        var message = "no error"
        do { try Graph().importGraphDef(definition) } catch { message = "\(error)" }
        #expect(message.contains("repeated by calls, take too much memory"), "\(message.prefix(300))")
    }

    @Test func longNamesOfCallsDoNotMultiplyWithoutEnd() throws {
        let nodes = (0..<5000).map { #"node_def { name: "n\#($0)" op: "NoOp" }"# }.joined(separator: " ")
        let function =
            #"function { signature { name: "f" output_arg { name: "r" type: DT_FLOAT } } \#(nodes) ret { key: "r" value: "n0:output:0" } }"#
        let name = String(repeating: "a", count: 100_000)
        let definition = try GraphDef(
            text: #"node { name: "\#(name)" op: "f" } library { \#(function) }"#)
        var message = "no error"
        do { try Graph().importGraphDef(definition) } catch { message = "\(error)" }
        #expect(message.contains("or too long names"), "\(message.prefix(300))")
    }

    @Test func whatIsAskedOfAnImportIsChecked() throws {
        let definition = try GraphDef(text: richDefinition)
        func message(_ body: (Graph) throws -> Void) -> String {
            let graph = Graph()
            graph.asDefault { _ = placeholder(Float.self, name: "taken") }
            let count = graph.nodeCount
            do { try body(graph) } catch {
                if graph.nodeCount != count { return "the graph has changed" }
                return "\(error)"
            }
            return "no error"
        }
        let other = Graph().asDefault { AnyTensor(placeholder(Float.self, name: "other")) }
        #expect(
            message { try $0.importGraphDef(definition, inputMap: ["xx:0": $0.tensor(named: "taken")]) }
                == "inputMap names \"xx:0\", which the definition does not have\n    hint: did you mean \"x\"?")
        #expect(
            message { try $0.importGraphDef(definition, inputMap: ["x:0": other]) }
                == "inputMap gives \"other:0\" for \"x:0\", but it belongs to another graph\n"
                + "    hint: use tensors of the graph that is imported into")
        #expect(
            message { try $0.importGraphDef(definition, returnElements: ["yy"]) }
                == "returnElements names \"yy\", which the definition does not have\n    hint: did you mean \"y\"?")
        #expect(
            message { try $0.importGraphDef(definition, prefix: "a b") } == "the prefix \"a b\" is not a valid name")
        #expect(
            message { graph in
                try graph.importGraphDef(definition, prefix: "m")
            } == "no error")
        let twice = Graph()
        try twice.importGraphDef(definition)
        #expect(throws: GraphDefError.self) { try twice.importGraphDef(definition) }
        do { try twice.importGraphDef(definition) } catch {
            #expect(
                "\(error)" == "node \"x\": the graph has a node \"x\" already\n    hint: give the import a prefix")
        }
        #expect(
            message {
                $0.finalize()
                try $0.importGraphDef(definition)
            } == "the graph was finalized, nothing can be added to it\n    hint: import before finalize()")
    }

    @Test func inputsAreReplacedAndElementsReturned() throws {
        let definition = try GraphDef(text: richDefinition)
        let graph = Graph()
        let x = graph.asDefault { Operations.constant([[1, 2]] as [[Float]], name: "mine") }
        let imported = try graph.importGraphDef(
            definition, prefix: "m", inputMap: ["x": AnyTensor(x)], returnElements: ["y:0", "w/Assign", "call:0"])
        #expect(imported.elements.count == 3)
        guard case .tensor(let y) = imported.elements[0], case .node(let assign) = imported.elements[1] else {
            Issue.record("\(imported.elements)")
            return
        }
        #expect(y.name == "m/y:0" && assign.name == "m/w/Assign")
        let session = Session(graph: graph)
        try session.run(assign)
        let p = try imported.tensor(named: "p").fed(AnyArray(NDArray<Bool>(false)))
        #expect(try session.run(y, feeding: [p]) == AnyArray(NDArray<Float>([[6]])))
    }
}
