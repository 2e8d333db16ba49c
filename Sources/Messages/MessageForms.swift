// Messages in their two forms: binary, and the text of `.pbtxt` files.

import SwiftProtobuf

extension Message {
    /// Reads the binary form.
    ///
    /// - Parameters:
    ///   - name: what the message is called.
    ///   - refusal: why a message that could be read is none all the same; the bytes of other messages often can be.
    package init(
        serialized bytes: [UInt8], named name: String, refusal: (Self) -> String? = { _ in nil }
    ) throws(MessageError) {
        let message: Self
        do { message = try Self(serializedBytes: bytes) } catch {
            throw MessageError("the bytes are no \(name): \(error)")
        }
        if let refusal = refusal(message) { throw MessageError("the bytes are no \(name): \(refusal)") }
        self = message
    }

    /// Reads the text form. Fields that are not known are left out.
    package init(
        text: String, named name: String, refusal: (Self) -> String? = { _ in nil }
    ) throws(MessageError) {
        var options = TextFormatDecodingOptions()
        options.ignoreUnknownFields = true
        let message: Self
        do { message = try Self(textFormatString: text, options: options) } catch {
            throw MessageError("the text is no \(name): \(error)")
        }
        if let refusal = refusal(message) { throw MessageError("the text is no \(name): \(refusal)") }
        self = message
    }

    /// Reads either form; which one is told by the content.
    package init(
        bytes: [UInt8], named name: String, refusal: (Self) -> String? = { _ in nil }
    ) throws(MessageError) {
        do throws(MessageError) {
            try self.init(serialized: bytes, named: name, refusal: refusal)
        } catch {
            // A text begins with a field's name or a comment, after white space.
            guard let first = bytes.first(where: { !" \t\r\n".utf8.contains($0) }),
                first == UInt8(ascii: "#") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
                let text = String(validating: bytes, as: UTF8.self)
            else { throw error }
            try self.init(text: text, named: name, refusal: refusal)
        }
    }
}
