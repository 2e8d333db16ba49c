// Summaries in graphs: their nodes, tags and collections, and what sessions give for them.

import FileTestSupport
import GraphDefs
import Graphs
import Operations
import Sessions
import Summaries
import Tensors
import Testing

@Suite struct GraphSummaryTests {
    @Test func nodesAndTagsAreTensorFlows() throws {
        let graph = Graph()
        let tags = graph.asDefault {
            let x = placeholder(Float.self, [], name: "x")
            let im = placeholder(Float.self, [nil, 2, 2, 3], name: "im")
            withNameScope("sc") { _ = summary.scalar("my loss", x) }
            summary.scalar("fam", x, family: "F")
            summary.scalar("fam", x, family: "F")
            summary.histogram("h", x)
            summary.image("im", im)
            summary.audio("au", zeros([1, 10, 1]), sampleRate: 8000)
            summary.tensor("ts", x)
            summary.text("tx", "hi")
            return summary.mergeAll().tags
        }
        // As `tf.compat.v1.summary` of TensorFlow 2.21 names them.
        #expect(tags == ["sc/my_loss", "F/F/fam", "F/F/fam_1", "h", "im_1", "au", "ts", "tx"])
        let expected: [(String, String, [String])] = [
            ("sc/my_loss", "ScalarSummary", ["sc/my_loss/tags", "x"]),
            ("F/fam", "ScalarSummary", ["F/fam/tags", "x"]),
            ("h", "HistogramSummary", ["h/tag", "x"]),
            ("im_1", "ImageSummary", ["im_1/tag", "im"]),
            ("au", "AudioSummaryV2", ["au/tag", "zeros", "au/sample_rate"]),
            ("ts", "TensorSummaryV2", ["ts/tag", "x", "ts/serialized_summary_metadata"]),
            ("tx", "TensorSummaryV2", ["tx/tag", "Const", "tx/serialized_summary_metadata"]),
            (
                "Merge/MergeSummary", "MergeSummary", ["sc/my_loss", "F/fam", "F/fam_1", "h", "im_1", "au", "ts", "tx"]
            ),
        ]
        for (name, type, inputs) in expected {
            let node = try #require(graph.node(named: name), "\(name)")
            #expect(node.type == type)
            #expect(node.inputNames == inputs)
        }
        #expect(graph.collectionKeys == ["summaries"])
        #expect(graph.collection("summaries").first?.name == "sc/my_loss:0")
    }

    @Test func fetchingASummaryGivesItsValues() throws {
        let graph = Graph()
        let folder = try TemporaryFolder()
        try graph.asDefault {
            let x = placeholder(Float.self, [nil], name: "x")
            let total = x.sum()
            summary.scalar("total", total)
            summary.scalar("largest", x.max(), form: .classic)
            summary.histogram("x", x)
            summary.text("note", "about *x*")
            let all = summary.mergeAll()
            let session = Session(graph: graph)
            let writer = try FileWriter(folder.path, graph: graph)
            for step in 1...3 {
                // With others, in any order, and by itself.
                let (value, values) = try session.run(total, all, feeding: x.fed(NDArray([1, 2, Float(step)])))
                #expect(value.scalar == 3 + Float(step))
                writer.add(values, step: step)
            }
            try writer.close()
        }
        let events = try events(in: folder.path)
        #expect(scalars("total", events) == [1: 4, 2: 5, 3: 6])
        #expect(scalars("largest", events) == [1: 2, 2: 2, 3: 3])
        let plugins = Dictionary(grouping: events.flatMap(\.values), by: \.tag).mapValues { $0.map(\.plugin) }
        #expect(plugins["x_1"] == ["histograms", "histograms", "histograms"])
        #expect(plugins["note"] == ["text", "text", "text"])
        let graphs = events.compactMap { event -> [UInt8]? in
            if case .graph(let bytes) = event.content { bytes } else { nil }
        }
        let definition = try #require(graphs.first)
        let read = try GraphDef(serialized: definition)
        #expect(try read == GraphDef(graph))
        // It is read again here too, with summary ops as ops that only TensorFlow runs.
        let imported = Graph()
        _ = try imported.importGraphDef(read)
        #expect(imported.nodes.map(\.type) == graph.nodes.map(\.type))
    }

    @Test func aVariableIsSummarisedByItsValueFromBeforeTheRun() throws {
        let graph = Graph()
        try graph.asDefault {
            let w = Variable<Float>(.zeros, shape: [2, 2], name: "w")
            let weights = summary.histogram("w", w)
            let session = Session(graph: graph)
            try session.initializeVariables()
            let (summary, _) = try session.run(weights, w.assign(w + 1))
            #expect(summary.tags == ["w_1"])
            let folder = try TemporaryFolder()
            let writer = try FileWriter(folder.path)
            writer.add(summary, step: 1)
            try writer.close()
            let value = try events(in: folder.path).flatMap(\.values).first
            guard case .histogram(let histogram)? = value?.content else {
                Issue.record("no histogram: \(String(describing: value))")
                return
            }
            #expect(histogram.buckets.last?.right == 0 && histogram.buckets.last?.count == 4)
        }
    }

    @Test func noSummariesMergeToNothing() throws {
        let graph = Graph()
        try graph.asDefault {
            let none = summary.mergeAll()
            #expect(none.node == nil && none.tags.isEmpty)
            let (one, values) = try Session(graph: graph).run(constant(1 as Float), none)
            #expect(one.scalar == 1 && values.tags.isEmpty)
        }
    }

    @Test func collectionsAreKeptApart() throws {
        let graph = Graph()
        graph.asDefault {
            let x = constant(1 as Float)
            summary.scalar("often", x)
            summary.scalar("seldom", x, collections: ["rare"])
            let both = summary.merge([summary.mergeAll(), summary.mergeAll(key: "rare")])
            #expect(both.tags == ["often", "seldom"])
        }
    }

    @Test func summariesOfOneGraphOnlyAreFetched() throws {
        let (mine, other) = (Graph(), Graph())
        let foreign = other.asDefault { summary.scalar("a", constant(1 as Float)) }
        #expect(throws: SessionError.self) { try Session(graph: mine).run(foreign) }
        mine.asDefault { _ = summary.merge([summary.scalar("b", constant(1 as Float)), foreign]) }
        #expect(mine.diagnostics.count == 1)
    }

    @Test func mistakesAreReportedWithTheOthers() throws {
        let graph = Graph()
        graph.asDefault {
            summary.scalar("vector", constant([1, 2] as [Float]))
            summary.image("two channels", placeholder(Float.self, [nil, 4, 4, 2]))
            summary.image("matrix", placeholder(Float.self, [4, 4]))
            summary.image("integers", placeholder(Int32.self, [1, 4, 4, 1]))
            summary.audio("number", placeholder(Float.self, []), sampleRate: 8000)
        }
        let texts = graph.diagnostics.map(\.message)
        #expect(
            texts == [
                "a scalar summary takes a single number, not shape [2]",
                "an image has 1, 3 or 4 channels, not 2 (shape [?, 4, 4, 2])",
                "images have the shape [k, height, width, channels], not [4, 4]",
                "an image is made of uint8, float32 or float64, not of int32",
                "sound has the shape [k, frames, channels] or [k, frames], not []",
            ])
    }

    @Test func runningTheNodeSaysWhatToFetch() throws {
        let graph = Graph()
        try graph.asDefault {
            // Not within the macro, whose expansion would be the place.
            let loss = summary.scalar("a", constant(1 as Float))
            let node = try #require(loss.node)
            #expect {
                try Session(graph: graph).run(node)
            } throws: { error in
                "\(error)".contains("fetch the summary itself") && "\(error)".contains("GraphSummaryTests.swift:")
            }
        }
    }

    @Test func shapesThatShowOnlyInARunAreThrownByTheNextFlush() throws {
        let graph = Graph()
        let folder = try TemporaryFolder()
        try graph.asDefault {
            let x = placeholder(Float.self, .unknown, name: "x")
            let image = summary.image("picture", x)
            summary.scalar("a", constant(1 as Float))
            let all = summary.merge([image, summary.mergeAll()])
            let writer = try FileWriter(folder.path)
            writer.add(try Session(graph: graph).run(all, feeding: x.fed(.zeros([3, 3]))), step: 1)
            #expect(throws: SummaryError.self) { try writer.flush() }
            try writer.close()
            #expect(writer.droppedCount == 1)
        }
        // The other value of the step is there.
        #expect(scalars("a", try events(in: folder.path)) == [1: 1])
    }
}
