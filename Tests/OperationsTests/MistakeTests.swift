import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// What the operations of networks say of inputs that make no sense.
@Suite struct NetworkMistakeTests {
    private func message(_ build: () -> Void) throws -> String {
        let graph = Graph()
        return try graph.asDefault {
            build()
            let error = #expect(throws: GraphError.self) { try graph.requireSound() }
            let diagnostic = try #require(error?.diagnostics.first)
            return "\(diagnostic.operation): \(diagnostic.message)" + (diagnostic.hint.map { " / \($0)" } ?? "")
        }
    }

    private func input(_ dimensions: Int?...) -> Tensor<Float> { placeholder(Float.self, Shape(dimensions)) }

    @Test func equationsThatMakeNoSenseAreMistakes() throws {
        let cases: [(String, [[Int?]], String)] = [
            ("ij,jk->ik", [[2, 3], [4, 5]], "axis \"j\" has size 3 in one operand and 4 in another"),
            ("ij,jk->ik", [[2, 3]], "\"ij,jk->ik\" has 2 operands, but 1 are given"),
            ("ij,jk->ik", [[2, 3], [3]], "\"jk\" does not fit an operand of rank 1"),
            ("ij->ik", [[2, 3]], "the result has axis \"k\", which no operand has"),
            ("ij->ii", [[2, 3]], "the result of \"ij->ii\" names an axis twice"),
            ("ii->i", [[2, 2]], "an operand of \"ii->i\" names an axis twice / diagonals are not supported"),
            ("i1->i", [[2, 2]], "\"1\" is no letter for an axis"),
            ("i..->i", [[2, 2]], "a point stands in no \"...\", of which each operand may have one"),
            ("...i->i", [[2, 2]], "the operands have \"...\", but the result has not"),
            ("i->...i", [[2]], "the result has \"...\", but no operand has"),
            ("i->j->k", [[2]], "\"i->j->k\" is no equation / write one such as \"abc,cd->abd\""),
            ("i-j", [[2]], "\"i-j\" is no equation / write one such as \"abc,cd->abd\""),
            ("ij...->i...", [[2]], "\"ij...\" does not fit an operand of rank 1"),
        ]
        for (equation, shapes, expected) in cases {
            let found = try message { _ = einsum(equation, shapes.map { placeholder(Float.self, Shape($0)) }) }
            #expect(found == "Einsum: " + expected)
        }
    }

    @Test func theLargestOfTooFewAreAMistake() throws {
        #expect(
            try message { _ = topK(input(nil, 3), k: 4) }
                == "TopKV2: the last dimension of [?, 3] has fewer than 4 elements / take k up to 3")
        #expect(try message { _ = topK(input(nil, 3), k: -1) } == "TopKV2: k must not be negative, but is -1")
        #expect(
            try message { _ = topK(input(), k: 1) }
                == "TopKV2: axis -1 is out of range for rank 0 / a single value has no axes")
        #expect(
            try message { _ = sort(input(nil, 3), axis: 0) }
                == "Sort: the size of axis 0 of [?, 3] must be known to sort along it")
        #expect(
            try message { _ = argsort(input(nil, 3), axis: 2) }
                == "Sort: axis 2 is out of range for rank 2 / use -2...1")
    }

    @Test func targetsThatDoNotFitTheirPredictionsAreAMistake() throws {
        let targets: (Int?...) -> Tensor<Int32> = { placeholder(Int32.self, Shape($0)) }
        #expect(
            try message { _ = inTopK(input(4, 3), targets(5), k: 1) }
                == "InTopKV2: the shapes of predictions and targets do not fit: [4, 3] and [5]"
                + " / give one target for each row of the predictions")
        #expect(
            try message { _ = inTopK(input(4, 3, 2), targets(4), k: 1) }
                == "InTopKV2: the predictions must be a matrix, but have shape [4, 3, 2]")
    }

    @Test func imagesAndChannelsThatDoNotFitAreAMistake() throws {
        #expect(
            try message { _ = fusedBatchNorm(input(nil, 3), scale: input(3), offset: input(3)) }
                == "FusedBatchNormV3: takes images of rank 4, but has shape [?, 3]"
                + " / [batch, height, width, channels]")
        #expect(
            try message { _ = fusedBatchNorm(input(nil, 4, 4, 3), scale: input(2), offset: input(3)) }
                == "FusedBatchNormV3: the scale of shape [2] does not fit the channels of [?, 4, 4, 3]")
        #expect(
            try message {
                _ = fusedBatchNorm(
                    input(nil, 3, 4, 4), scale: input(3), offset: input(3), isTraining: false, isChannelFirst: true)
            } == "FusedBatchNormV3: the mean of shape [0] does not fit the channels of [?, 3, 4, 4]")
        #expect(
            try message { _ = localResponseNormalization(input(nil, nil)) }
                == "LRN: needs a known number of channels, but has shape [?, ?]")
    }

    @Test func whatCannotBeMirroredOrMovedIsAMistake() throws {
        #expect(
            try message { _ = input(nil, 3).padded([(0, 0), (3, 0)], mirroring: .reflect) }
                == "MirrorPad: there is too little in axis 1 of [?, 3] to be mirrored 3 deep / pad by up to 2")
        #expect(
            try message { _ = input(2, 3).padded([(0, 0), (0, 4)], mirroring: .symmetric) }
                == "MirrorPad: there is too little in axis 1 of [2, 3] to be mirrored 4 deep / pad by up to 3")
        #expect(
            try message { _ = input(2, 3).padded([(1, 1)], mirroring: .reflect) }
                == "MirrorPad: paddings of shape [1, 2] do not fit shape [2, 3] / give two for each axis")
        #expect(
            try message { _ = input(2, 3).rolled(by: 1, axis: 2) }
                == "Roll: axis 2 is out of range for rank 2 / use -2...1")
        #expect(
            try message { _ = input(2, 3).rolled(by: [1, 2], axes: [0]) }
                == "Roll: the shapes of shifts and axes differ: [2] and [1]")
        #expect(
            try message { _ = input(2, 3).repeatingElements(-1, axis: 0) }
                == "Repeat: elements cannot be repeated -1 times")
        #expect(
            try message { _ = meshgrid([input(3), input(2, 2)]) }
                == "Meshgrid: a grid is made of vectors, but one has shape [2, 2]")
    }

    @Test func whatCannotBeCutIntoBlocksIsAMistake() throws {
        let none = [(0, 0), (0, 0)]
        #expect(
            try message { _ = spaceToBatchND(input(nil, 4, 5, 3), blockShape: [2, 2], paddings: none) }
                == "SpaceToBatchND: axis 2 of [?, 4, 5, 3] cannot be cut into blocks of 2 / pad by 1 more")
        #expect(
            try message { _ = spaceToBatchND(input(nil, 4, 5, 3), blockShape: [2, 4], paddings: [(0, 0), (1, 0)]) }
                == "SpaceToBatchND: axis 2 of [?, 4, 5, 3], padded to 6, cannot be cut into blocks of 4"
                + " / pad by 2 more")
        #expect(
            try message { _ = spaceToBatchND(input(nil, 4), blockShape: [2, 2], paddings: none) }
                == "SpaceToBatchND: a block of 2 axes does not fit shape [?, 4]"
                + " / the first axis is that of the batch")
        #expect(
            try message { _ = spaceToBatchND(input(nil, 4, 4), blockShape: [2], paddings: none) }
                == "SpaceToBatchND: paddings of shape [2, 2] do not fit a block of shape [1]"
                + " / give two for each axis of the block")
        #expect(
            try message { _ = spaceToBatchND(input(nil, 4, 4), blockShape: [0, 2], paddings: none) }
                == "SpaceToBatchND: the sizes of the block must be positive, but are [0, 2]")
        #expect(
            try message { _ = spaceToBatchND(input(nil, 4, 4), blockShape: [2, 2], paddings: [(0, 0), (2, -2)]) }
                == "SpaceToBatchND: paddings must not be negative: [0, 0, 2, -2]")
        #expect(
            try message { _ = spaceToBatchND(input(2, 4), blockShape: [1 << 62], paddings: [(.max, 1)]) }
                == "SpaceToBatchND: the result of shape [2, 4] is larger than memory can address")
        #expect(
            try message { _ = batchToSpaceND(input(6, 2, 2), blockShape: [2, 2], crops: none) }
                == "BatchToSpaceND: the batch of [6, 2, 2] does not consist of blocks of [2, 2] / use a multiple of 4")
        #expect(
            try message { _ = batchToSpaceND(input(4, 2, 2), blockShape: [2, 2], crops: [(0, 0), (3, 2)]) }
                == "BatchToSpaceND: crops of 3 and 2 leave nothing of axis 2 of size 4")
        #expect(
            try message { _ = batchToSpaceND(input(4, 2, 2), blockShape: [1 << 32, 1 << 32], crops: none) }
                == "BatchToSpaceND: a block of [4294967296, 4294967296] elements is too large")
        #expect(
            try message { _ = spaceToDepth(input(nil, 4, 5, 3), blockSize: 2) }
                == "SpaceToDepth: axis 2 of [?, 4, 5, 3] cannot be cut into blocks of 2 / use a multiple of 2")
        #expect(
            try message { _ = spaceToDepth(input(nil, 4, 5), blockSize: 2) }
                == "SpaceToDepth: the images must have 4 dimensions, but have shape [?, 4, 5]")
        #expect(
            try message { _ = depthToSpace(input(nil, 4, 4, 6), blockSize: 2) }
                == "DepthToSpace: the features of [?, 4, 4, 6] are no blocks of 2 · 2 / use a multiple of 4")
        #expect(
            try message { _ = depthToSpace(input(nil, 6, 4, 4), blockSize: 1, dataFormat: .channelsFirst) }
                == "DepthToSpace: the size of the blocks must be at least 2, but is 1")
        #expect(
            try message { _ = depthToSpace(input(nil, 4, 4, 4), blockSize: 1 << 32) }
                == "DepthToSpace: blocks of 4294967296 · 4294967296 elements are too large")
    }

    @Test func sizesOfBlocksThatDoNotFitWhatIsFedMakeTheRunThrow() throws {
        try Graph().asDefault { () throws in
            let images = placeholder(Float.self, Shape([nil, nil, nil, 1]))
            let session = Session()
            let result = spaceToDepth(images, blockSize: 2)
            let error = #expect(throws: SessionError.self) {
                try session.run(result, feeding: images.fed(NDArray<Float>(repeating: 0, shape: [1, 4, 3, 1])))
            }
            let text = try #require(error).description
            #expect(text.contains("axis 2 of [1, 4, 3, 1] cannot be cut into blocks of 2"))
        }
    }

    @Test func coordinatesThatNameNothingAreMistakes() throws {
        let coordinates: (Int?...) -> Tensor<Int32> = { placeholder(Int32.self, Shape($0)) }
        #expect(
            try message { _ = gatherND(input(4, 3), coordinates(nil, 3)) }
                == "GatherNd: coordinates of shape [?, 3] name 3 axes, but [4, 3] has 2")
        #expect(
            try message { _ = scatterND(coordinates(5, 1), input(5, 2), shape: [4, 3]) }
                == "ScatterNd: the updates have shape [5, 2], but coordinates of shape [5, 1] in [4, 3] are for [5, 3]")
        #expect(
            try message { _ = scatterND(coordinates(5, 1), input(5), shape: [-4]) }
                == "ScatterNd: [-4] is not a shape: its sizes are negative or too large")
    }

    @Test(arguments: [[4, 0], [0, 3], [-1, 0]]) func coordinatesOutsideMakeTheRunThrow(_ outside: [Int32]) throws {
        try Graph().asDefault {
            let coordinates = placeholder(Int32.self, [1, 2])
            let fed = try NDArray([outside])
            let session = Session()
            let taken = gatherND(ones([4, 3]) as Tensor<Float>, coordinates)
            let put = scatterND(coordinates, ones([1]) as Tensor<Float>, shape: [4, 3])
            for result in [taken, put] {
                let error = #expect(throws: SessionError.self) {
                    try session.run(result, feeding: coordinates.fed(fed))
                }
                #expect(error?.kind == .data)
            }
        }
    }
}
