// The table of a model's layers, as Keras prints it.

import Graphs
import Operations
import Tensors

extension Model {
    /// Prints the table of the layers: their names, types, output shapes and numbers of parameters.
    public func summary(expandsNested: Bool = false) { print(summaryText(expandsNested: expandsNested)) }

    /// The table of the layers.
    ///
    /// - Parameters:
    ///   - expandsNested: whether the layers of models inside the model are listed too.
    public func summaryText(expandsNested: Bool = false) -> String {
        var rows: [[String]] = []
        let isStack = self is Sequential
        let sources = isStack ? [:] : connections
        if !isStack {
            for tensor in inputs {
                rows.append(["\(tensor.inputName ?? "input") (InputLayer)", shapeText(tensor.shape), "0", "-"])
            }
        }
        func add(_ layers: [any Layer], _ depth: Int) {
            // Models hold models, a few deep at most as users write them; the depth is bounded all the same.
            for layer in layers {
                let indent = String(repeating: "   ", count: depth) + (depth > 0 ? "└ " : "")
                let outputs = layer.state.firstCall?.outputs.map { shapeText($0.shape) } ?? ["?"]
                let shape = outputs.count == 1 ? outputs[0] : "[" + outputs.joined(separator: ", ") + "]"
                let isBuilt = layer.state.firstCall != nil
                rows.append([
                    "\(indent)\(layer.name) (\(type(of: layer).className))", shape,
                    isBuilt ? grouped(layer.parameterCount) : "0 (unbuilt)",
                    sources[ObjectIdentifier(layer.state)] ?? (isStack ? "" : "-"),
                ])
                if expandsNested, let nested = layer as? Model, depth < 16 { add(nested.layers, depth + 1) }
            }
        }
        add(layers, 0)
        let titles = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
        let columns = isStack ? 3 : 4
        let table = textTable([titles] + rows, columns: columns)
        let all = parameterCount
        let trained = trainableWeights.parameterCount
        return """
            Model: "\(name)"
            \(table)
             Total params: \(grouped(all)) (\(byteText(of: all)))
             Trainable params: \(grouped(trained)) (\(byteText(of: trained)))
             Non-trainable params: \(grouped(all - trained)) (\(byteText(of: all - trained)))
            """
    }

    /// The names of what the layers' inputs come from.
    private var connections: [ObjectIdentifier: String] {
        var names: [ObjectIdentifier: [String]] = [:]
        for call in structure?.calls ?? [] {
            names[ObjectIdentifier(call.layer.state), default: []] += call.inputs.map {
                $0.call?.layer.name ?? $0.inputName ?? "input"
            }
        }
        return names.compactMapValues { $0.isEmpty ? nil : $0.joined(separator: ", ") }
    }
}

/// `(None, 784)`, as Keras prints shapes.
private func shapeText(_ shape: Shape) -> String {
    guard let dimensions = shape.dimensions else { return "?" }
    let parts = dimensions.map { $0.map(String.init) ?? "None" }
    return parts.count == 1 ? "(\(parts[0]),)" : "(" + parts.joined(separator: ", ") + ")"
}

/// `407,050`
func grouped(_ number: Int) -> String {
    var digits = String(number.magnitude)
    var parts: [String] = []
    while digits.count > 3 {
        parts.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits] + parts).joined(separator: ",")
}

/// `1.55 MB` for so many parameters.
private func byteText(of count: Int) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"]
    var value = 4 * Double(count)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return "\(fixed(value, digits: 2)) \(units[unit])"
}

/// A table with a frame; the first row is its head.
private func textTable(_ rows: [[String]], columns: Int) -> String {
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ left: String, _ middle: String, _ right: String, _ fill: String) -> String {
        left + widths.map { String(repeating: fill, count: $0 + 2) }.joined(separator: middle) + right
    }
    func text(_ row: [String], _ bar: String) -> String {
        let cells = (0..<columns).map { column in
            let padding = String(repeating: " ", count: widths[column] - row[column].count)
            // Numbers stand at the right.
            return column == 2 ? " \(padding)\(row[column]) " : " \(row[column])\(padding) "
        }
        return bar + cells.joined(separator: bar) + bar
    }
    var lines = [line("┏", "┳", "┓", "━"), text(rows[0], "┃"), line("┡", "╇", "┩", "━")]
    for (index, row) in rows.dropFirst().enumerated() {
        if index > 0 { lines.append(line("├", "┼", "┤", "─")) }
        lines.append(text(row, "│"))
    }
    lines.append(line("└", "┴", "┘", "─"))
    return lines.joined(separator: "\n")
}
