// Event files written by TensorFlow.

import FileTestSupport
import Files
import Foundation
import Sessions
import Summaries
import Tensors
import Testing

/// The events of the file in a folder of fixtures.
func fixture(_ name: String) throws -> [Event] {
    let folder = try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
    let runs = try EventRun.find(in: folder)
    let file = try #require(runs.first?.files.first)
    let reader = try EventFileReader(file)
    let events = try reader.readAll()
    #expect(reader.unfinishedByteCount == 0)
    return events
}

@Suite struct FixtureTests {
    @Test func theClassicFormIsRead() throws {
        let events = try fixture("events_v1")
        guard case .fileVersion("brain.Event:2") = events[0].content else {
            Issue.record("the first record is \(events[0].content)")
            return
        }
        let values = events.filter { $0.step == 7 }.flatMap(\.values)
        let byTag = Dictionary(values.map { ($0.tag, $0) }, uniquingKeysWith: { first, _ in first })
        guard case .scalar(12)? = byTag["s"]?.content else {
            Issue.record("s is \(String(describing: byTag["s"]?.content))")
            return
        }
        guard case .histogram(let histogram)? = byTag["h"]?.content else {
            Issue.record("h is no histogram")
            return
        }
        #expect(histogram.count == 3)
        #expect(histogram.buckets.first?.left == 2 && histogram.buckets.last?.right == 6)
        guard case .images(let images)? = byTag["im/image/0"]?.content else {
            Issue.record("there is no image")
            return
        }
        #expect(images.map(\.width) == [4] && images.map(\.height) == [2])
        guard case .audio(let clips)? = byTag["au/audio/0"]?.content else {
            Issue.record("there is no sound")
            return
        }
        #expect(clips.map(\.encoded.count) == [44 + 4 * 2])
        guard case .text(["hi"], _)? = byTag["t"]?.content else {
            Issue.record("t is \(String(describing: byTag["t"]?.content))")
            return
        }
        #expect(
            events.contains { event in
                if case .runMetadata("step7", let metadata) = event.content { return !metadata.devices.isEmpty }
                return false
            })
        #expect(
            events.contains { event in
                if case .session(.start, _, _) = event.content { return true }
                return false
            })
        #expect(
            events.contains { event in
                if case .graph(let bytes) = event.content { return !bytes.isEmpty }
                return false
            })
    }

    @Test func thePluginFormIsRead() throws {
        let values = try fixture("events_v2").flatMap(\.values)
        let scalars = values.filter { $0.tag == "loss" }
        #expect(scalars.map(\.plugin) == ["scalars", "scalars"])
        #expect(scalars.first?.description == "the loss")
        #expect(scalars.compactMap { if case .scalar(let value) = $0.content { value } else { nil } } == [0.5, 0.25])
        let histograms = values.compactMap { value in
            if case .histogram(let histogram) = value.content { histogram.buckets.map(\.count) } else { nil }
        }
        #expect(histograms == [[1, 0, 2, 1], [1, 0, 2, 1]])
        let images = values.compactMap { value in
            if case .images(let images) = value.content { images.map { [$0.width, $0.height] } } else { nil }
        }
        #expect(images == [[[3, 2]], [[3, 2]]])
        let texts = values.compactMap { value in if case .text(let text, _) = value.content { text } else { nil } }
        #expect(texts == [["hello **md** 0"], ["hello **md** 1"]])
        let parameters = values.compactMap { value in
            if case .hyperparameters(.start(let values, "t1", _)) = value.content { values } else { nil }
        }
        #expect(parameters == [["lr": 0.1, "opt": "adam"]])
        let own = try #require(values.first { $0.tag == "custom" })
        #expect(own.plugin == "my_plugin")
        guard case .tensor(let array) = own.content else {
            Issue.record("custom is \(own.content)")
            return
        }
        #expect(array == AnyArray(NDArray<Int32>([1, 2])))
    }
}
