import Graphs
import Operations
import Tensors
import Testing

/// Names of nodes, and the scopes they are in.
@Suite struct NameTests {
    @Test func aSecondNodeOfAnOpIsNumbered() {
        Graph().asDefault {
            let a = constant(2 as Float)
            #expect((a * a).name == "Mul:0")
            #expect((a * a).name == "Mul_1:0")
            #expect((a * a).node.name == "Mul_2")
        }
    }

    @Test func aNameThatIsTakenIsNumbered() {
        Graph().asDefault {
            #expect(constant(1 as Float, name: "rate").name == "rate:0")
            #expect(constant(1 as Float, name: "rate").name == "rate_1:0")
            // A name that a user chose is never given to another node.
            #expect(constant(1 as Float, name: "rate_2").name == "rate_2:0")
            #expect(constant(1 as Float, name: "rate").name == "rate_3:0")
        }
    }

    @Test func namesThatDifferInCaseAloneAreTheSameName() {
        Graph().asDefault {
            #expect(constant(1 as Float, name: "bias").name == "bias:0")
            #expect(constant(1 as Float, name: "Bias").name == "Bias_1:0")
        }
    }

    @Test func theVersionOfAnOpIsNotPartOfItsName() {
        Graph().asDefault {
            let x: Tensor<Float> = zeros([2])
            let sum = x + x
            #expect(sum.node.type == "AddV2")
            #expect(sum.node.name == "Add")
        }
    }

    @Test func scopesPrefixNames() {
        Graph().asDefault {
            let names = withNameScope("model") {
                [constant(1 as Float).name] + withNameScope("fc1") { [constant(1 as Float, name: "w").name] }
                    + [constant(1 as Float).name]
            }
            #expect(names == ["model/Const:0", "model/fc1/w:0", "model/Const_1:0"])
            #expect(constant(1 as Float).name == "Const:0")
        }
    }

    @Test func aScopeThatIsEnteredAgainIsAnother() {
        Graph().asDefault {
            let first = withNameScope("model") { constant(1 as Float).name }
            let second = withNameScope("model") { constant(1 as Float).name }
            #expect([first, second] == ["model/Const:0", "model_1/Const:0"])
        }
    }

    @Test func aScopeAndANodeDoNotShareAName() {
        Graph().asDefault {
            _ = constant(1 as Float, name: "model")
            #expect(withNameScope("model") { constant(1 as Float).name } == "model_1/Const:0")
            #expect(withNameScope("other") { constant(1 as Float).name } == "other/Const:0")
            #expect(constant(1 as Float, name: "other").name == "other_1:0")
        }
    }

    @Test func aScopeEndsWithAnErrorToo() {
        struct Stop: Error {}
        Graph().asDefault {
            #expect(throws: Stop.self) { try withNameScope("model") { throw Stop() } }
            #expect(constant(1 as Float).name == "Const:0")
        }
    }

    @Test func aNodeIsFoundByItsFullName() throws {
        let graph = Graph()
        let product = graph.asDefault {
            withNameScope("model") { constant(3 as Float) * constant(4 as Float) }
        }
        #expect(graph.node(named: "model/Mul") == product.node)
        #expect(graph.node(named: "Mul") == nil)
        #expect(graph.node(named: "model/Mul:0") == nil)
        #expect(product.node.inputNames == ["model/Const", "model/Const_1"])
        #expect(graph.nodes.map(\.name) == ["model/Const", "model/Const_1", "model/Mul"])
        #expect(graph.nodeCount == 3)
    }

    @Test func theNodesOfGradientsHaveAScopeOfTheirOwn() {
        Graph().asDefault {
            let x = placeholder(Float.self, [nil], name: "x")
            let g = gradients(of: (x * x).sum(), with: x)
            #expect(g.node.name.hasPrefix("gradients/"))
            #expect(x.graph.node(named: "gradients/Mul_grad/Mul") != nil)
        }
    }
}
