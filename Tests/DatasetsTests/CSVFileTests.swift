// Tables of comma-separated values: quotes, line ends, types, missing numbers, damage.

import FileTestSupport
import Tensors
import Testing

@testable import Datasets

struct CSVFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func table(_ text: String, missing: MissingNumbers = .refused, hasHeader: Bool = true) throws -> CSVFile {
        try CSVFile(folder.write(Array(text.utf8), to: "table.csv"), hasHeader: hasHeader, missing: missing)
    }

    @Test(
        arguments: [
            ("a,b\n1,2\n", [["1", "2"]]), ("a,b\r\n1,2\r\n3,4", [["1", "2"], ["3", "4"]]),
            ("a\r1\r2\r", [["1"], ["2"]]),
            ("\u{FEFF}a,b\n1,2", [["1", "2"]]), ("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", [["x,y", "say \"hi\""]]),
            ("a,b\n\"two\r\nlines\",\n", [["two\r\nlines", ""]]), ("a,b\n,\n", [["", ""]]),
            ("a\n\"\"\n\n\n5\n", [[""], ["5"]]),
            ("a,b\n\n\r\n1,2\n\n", [["1", "2"]]), ("a,b", []), ("a\n\"\"\"\"", [["\""]]),
            ("a,b\n 1 ,Zoë", [[" 1 ", "Zoë"]]),
        ] as [(String, [[String]])])
    func rowsAreThoseOfTheStandard(text: String, rows: [[String]]) throws {
        let table = try table(text)
        #expect(table.columns.first == "a")
        #expect(try table.rows.elements() == rows)
    }

    @Test(
        arguments: [
            ("a,b\n1,2\n3\n", "line 3: the row has 1 fields, but the first has 2"),
            ("a,b\n1,2,3\n", "line 2: the row has 3 fields, but the first has 2"),
            ("a,b\n1,\"2\n3,4\n", "line 2, column 2: the quotes that open here are never closed"),
            ("a,b\n1,\"2\"x\n", "line 2, column 2: text follows a closing quote"),
            ("a,b\n\"x\ny\",x\"y\n", "line 3, column 2: a quote stands within a field"),
        ])
    func damagedRowsAreRefusedWithTheirLine(text: String, message: String) throws {
        let error = datasetError { _ = try table(text).rows.elements() }
        #expect(error?.reason.hasPrefix(message) == true, "\(error as Any)")
        #expect(error?.file?.hasSuffix("table.csv") == true)
    }

    @Test func wrongHeadersAreRefused() throws {
        #expect(datasetError { _ = try table("") }?.reason == "the table is empty")
        #expect(datasetError { _ = try table("\n\n") }?.reason == "the table is empty")
        #expect(datasetError { _ = try table("a,b,a\n") }?.reason.contains("a second column is called \"a\"") == true)
        #expect(datasetError { _ = try CSVFile(folder.path("none.csv")) }?.reason.contains("cannot be opened") == true)
        for delimiter: Character in ["\"", "\n", "é"] {
            #expect(datasetError { _ = try CSVFile(folder.path("table.csv"), delimiter: delimiter) } != nil)
        }
        let error = datasetError { _ = try table("width,height\n").numbers(["heigth"]) }
        #expect(error?.hint == "did you mean \"height\"? the columns are \"width\", \"height\"")
    }

    @Test func numbersAreReadByColumn() throws {
        let table = try table("x,name,y\n1,a,-2.5e1\n 3 ,b, +4\n")
        #expect(try table.array(["y", "x"]) == NDArray([[-25, 1], [4, 3]]))
        #expect(try table.numbers(["x"]).batch(2).elements() == [NDArray([[1], [3]])])
        #expect(try table.texts("name") == ["a", "b"])
        let error = datasetError { _ = try table.array() }
        #expect(error?.reason == "line 2, column \"name\": \"a\" is not a number")
        #expect(try self.table("1,2\n3,4\n", hasHeader: false).array() == NDArray([[1, 2], [3, 4]]))
        #expect(try self.table("x\n").array() == NDArray(shape: [0, 1], []))
    }

    @Test func missingNumbersAreTreatedAsAskedFor() throws {
        let text = "x,y\n1,2\nNA,3\n4,\nnan,NaN\n5,6\n"
        let error = datasetError { _ = try table(text).array() }
        #expect(error?.reason == "line 3, column \"x\": the number is missing")
        #expect(try table(text, missing: .rowSkipped).array() == NDArray([[1, 2], [5, 6]]))
        #expect(try table(text, missing: .replaced(with: -1)).array(["x"]).scalars == [1, -1, 4, -1, 5])
        #expect(
            try table(text, missing: .replaced(with: .nan)).array(["y"]).scalars.map(\.isNaN).filter { $0 }.count == 2)
        #expect(try table(text, missing: .rowSkipped).array(["x"]).count == 3)
    }

    @Test func featuresAndLabelsBecomeBatches() throws {
        let table = try table("h,w,species\n1,2,setosa\n3,4,virginica\n5,6,setosa\n")
        let species = Vocabulary(try table.texts("species"))
        #expect(species.texts == ["setosa", "virginica"])
        let batches = try table.dataset(features: ["w", "h"], label: "species", in: species).batch(2).elements()
        #expect(batches.map(\.x) == [try NDArray([[2, 1], [4, 3]]), try NDArray([[6, 5]])])
        #expect(batches.map(\.y.scalars) == [[0, 1], [0]])
        let regression = try table.dataset(features: ["h"], target: "w").batch(3).elements()
        #expect(regression.map(\.y.scalars) == [[2, 4, 6]])
        let error = datasetError {
            _ = try table.dataset(features: ["h"], label: "species", in: Vocabulary(["setoza"])).elements()
        }
        #expect(error?.reason == "line 2, column \"species\": \"setosa\" is not in the vocabulary")
        #expect(error?.hint == "did you mean \"setoza\"?")
    }

    @Test func rowsMayCrossTheReadersWindow() throws {
        // Windows are 64 KiB: rows of odd lengths put quotes and line ends on every place of their borders.
        var text = "a,b\r\n"
        var rows: [[String]] = []
        for index in 0..<6000 {
            let field = String(repeating: "\"\r\n,", count: index % 5) + "\(index)"
            rows.append([field, String(repeating: "x", count: index % 37)])
            text += "\"\(field.replacing("\"", with: "\"\""))\",\(rows[index][1])\r\n"
        }
        #expect(try table(text).rows.elements() == rows)
        let path = try folder.write(gzip(Array(text.utf8)), to: "table.csv.gz")
        #expect(try CSVFile(path).rows.elements() == rows)
        #expect(try CSVFile(path).rows.makeIterator(skipping: 4321).next() == rows[4321])
    }

    @Test func aRowWithoutEndIsRefused() throws {
        let bytes = Array("a\n\"".utf8) + [UInt8](repeating: 97, count: 200_000)
        let path = try folder.write(bytes, to: "a.csv")
        let reader = try ByteReader(path, .automatic)
        let scanner = CSVScanner(reader, delimiter: UInt8(ascii: ","), rowLimit: 100_000)
        #expect(try scanner.next()?.count == 1)
        let error = datasetError { _ = try scanner.next() }
        #expect(error?.reason == "line 2, column 1: the row is longer than 100000 bytes")
    }

    @Test(arguments: 0..<4) func everyMutationIsReadOrRefused(seed: UInt64) throws {
        let text = Array("x,\"name\",y\r\n1,\"a \"\"b\"\"\",2\n3,\"\n\",NA\n,,\n".utf8)
        print("seed \(seed)")
        var random = RandomStream(seed: seed)
        for _ in 0..<300 {
            var bytes = text
            for _ in 0..<random.nextNumber(below: 4) {
                let place = random.nextNumber(below: bytes.count)
                switch random.nextNumber(below: 3) {
                case 0: bytes[place] = Array("\",\r\n1a".utf8)[random.nextNumber(below: 6)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(random.nextNumber(below: 256)), at: place)
                }
            }
            do {
                let table = try CSVFile(folder.write(bytes, to: "a.csv"), missing: .replaced(with: 0))
                let rows = try table.rows.elements()
                #expect(rows.allSatisfy { $0.count == table.columns.count })
                _ = try table.array()
            } catch {
                #expect(error is DatasetError)
            }
        }
    }
}
