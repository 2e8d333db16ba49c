import Checkpoints
import FileTestSupport
import Files
import Graphs
import Sessions
import Testing

/// A session of a graph without variables: most often it is another graph than was meant.
@Suite struct EmptyGraphTests {
    @Test func savingAndRestoringIsAMistake() throws {
        let folder = try TemporaryFolder()
        let session = Session(graph: Graph())
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "no error"
        }
        let expected =
            "its graph has no variables\n    hint: build the model first, and make the session with its graph"
        #expect(message { try Saver().save(session, to: folder.path("m")) }.contains(expected))
        #expect(message { try Saver().restoreMatching(session, from: folder.path("m")) }.contains("m"))
        #expect(try LocalFileSystem().list(folder.path).isEmpty)
    }
}
