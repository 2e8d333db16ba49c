import Keras
import Tensors
import Testing
import Training

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "[]", "{}", "[1, -2, 3.5, 1e-07]", "{\"a\": [null, {\"b\": \"c\"}]}",
        "\"\\u00e9\\ud83d\\ude00\\n\"",
        "12345678901234567890123", "[NaN, Infinity, -Infinity]",
    ]) func textIsReadAndWritten(text: String) throws {
        let value = try JSONValue(text: text)
        #expect(try JSONValue(text: value.text()).text() == value.text())
        #expect(try JSONValue(text: value.text(indented: true)).text() == value.text())
    }

    @Test func valuesAreThoseOfTheText() throws {
        #expect(try JSONValue(text: " [1 , 2.0, \"a\\\"\\\\\\u0041\"]") == [1, 2.0, "a\"\\A"])
        #expect(try JSONValue(text: "\"\\ud83d\\ude00\"") == "😀")
        #expect(try JSONValue(text: "\"\\ud83d\"") == "\u{FFFD}")
        #expect(try JSONValue(text: "9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(JSONValue.object(["b": 1, "a": "x\n\u{1}"]).text() == "{\"a\": \"x\\n\\u0001\", \"b\": 1}")
    }

    @Test(arguments: [
        ("", "line 1, column 1: the text ends"), ("{\"a\" 1}", "a colon is expected"), ("[1 2]", "a comma or ]"),
        ("[1,\n  }", "line 2, column 3"), ("01", "something follows"), ("-", "a value is expected"),
        ("\"\\x\"", "unknown escape"), ("\"abc", "within quotes"), ("{1: 2}", "a key in quotes"),
        ("1.", "after the point"),
        ("1e", "exponent"), ("\"\\u12\"", "four hexadecimal"), ("nul", "a value is expected"),
    ]) func textThatIsNoJSONIsRefusedWithItsPlace(text: String, fact: String) {
        let error = #expect(throws: KerasError.self) { try JSONValue(text: text) }
        #expect(error?.message.contains(fact) ?? false, "\(String(describing: error))")
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(text: nested(150))
        #expect(throws: KerasError.self) { try JSONValue(text: nested(100_000)) }
        #expect(throws: KerasError.self) { try JSONValue(text: String(repeating: "{\"a\":", count: 100_000)) }
    }
}
