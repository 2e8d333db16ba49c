// The progress bar of a training, and the lines that stand for it where the output is no terminal.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where progress is written.
protocol ProgressOutput {
    /// The number of columns of the terminal; nil where the output is none.
    var terminalWidth: Int? { get }
    func write(_ text: String)
}

/// The process's standard output.
struct StandardOutput: ProgressOutput {
    var terminalWidth: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    func write(_ text: String) {
        print(text, terminator: "")
        fflush(nil)
    }
}

/// Shows how far an epoch, an evaluation or a prediction is.
struct ProgressDisplay {
    private let output: any ProgressOutput
    private let isBar: Bool
    private let isSilent: Bool
    private let total: Int?
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var nextUpdate: ContinuousClock.Instant
    private var lastLength = 0

    /// - Parameters:
    ///   - title: a line above, `Epoch 1/5`.
    ///   - total: the number of steps, where it is known.
    init(title: String?, total: Int?, verbosity: Verbosity, output: any ProgressOutput = StandardOutput()) {
        self.output = output
        self.total = total
        isSilent = verbosity.kind == .silent
        isBar = (verbosity.kind == .bar || verbosity.kind == .automatic) && output.terminalWidth != nil
        start = clock.now
        nextUpdate = start
        if !isSilent, let title { output.write(title + "\n") }
    }

    /// Whether a bar is due to be drawn anew; asked before what it shows is computed.
    mutating func isDue() -> Bool {
        guard isBar else { return false }
        let now = clock.now
        if now < nextUpdate { return false }
        nextUpdate = now + .milliseconds(50)
        return true
    }

    /// Draws the bar anew.
    mutating func update(step: Int, _ logs: Logs) {
        draw(text(step: step, logs, isFinal: false))
    }

    /// Writes the last state, and a new line.
    mutating func finish(step: Int, _ logs: Logs) {
        guard !isSilent else { return }
        if isBar {
            draw(text(step: step, logs, isFinal: true))
            output.write("\n")
        } else {
            output.write(text(step: step, logs, isFinal: true) + "\n")
        }
    }

    /// Ends the bar where it is, because something else is to be written.
    mutating func breakOff() {
        if isBar, lastLength > 0 { output.write("\n") }
        lastLength = 0
    }

    private mutating func draw(_ text: String) {
        // What is left of a longer text before is overwritten.
        let padding = String(repeating: " ", count: max(0, lastLength - text.count))
        output.write("\r" + text + padding)
        lastLength = text.count
    }

    private func text(step: Int, _ logs: Logs, isFinal: Bool) -> String {
        let elapsed = clock.now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        let perStep = step > 0 ? seconds / Double(step) : 0
        // At the end the number of steps is known, whatever the data set said.
        let count =
            if let total = total ?? (isFinal ? step : nil) {
                String(repeating: " ", count: max(0, "\(total)".count - "\(step)".count)) + "\(step)/\(total)"
            } else {
                "\(step)"
            }
        let time: String =
            if isFinal {
                "\(durationText(seconds)) \(durationText(perStep, isShort: true))/step"
            } else if let total, step > 0 {
                durationText(perStep * Double(max(0, total - step))) + " left"
            } else {
                durationText(seconds)
            }
        let values = logs.entries.map { " - \($0.name): \(metricText($0.value))" }.joined()
        guard isBar else { return "\(count) - \(time)\(values)" }
        let width = output.terminalWidth ?? 80
        let room = width - 1 - count.count - time.count - values.count - 2
        let barLength = min(20, max(0, room))
        var bar = ""
        if let total, total > 0, barLength >= 5 {
            let filled = min(barLength, barLength * step / total)
            bar = " " + String(repeating: "━", count: filled) + String(repeating: "╌", count: barLength - filled)
        }
        return String("\(count)\(bar) \(time)\(values)".prefix(max(20, width - 1)))
    }
}

/// `0.9807`, `1.2e-05`: about four digits that tell something.
func metricText(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let magnitude = abs(value)
    if magnitude != 0, magnitude < 1e-3 || magnitude >= 1e7 {
        let exponent = Int(log10(magnitude).rounded(.down))
        return
            "\(fixed(value / pow(10, Double(exponent)), digits: 4))e\(exponent < 0 ? "-" : "+")\(twoDigits(abs(exponent)))"
    }
    return fixed(value, digits: 4)
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// A number with a fixed number of digits behind the point.
func fixed(_ value: Double, digits: Int) -> String {
    let scale = pow(10, Double(digits))
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled)
    let (units, fraction) = whole.quotientAndRemainder(dividingBy: Int(scale))
    let digitsText = String(fraction)
    let padded = String(repeating: "0", count: max(0, digits - digitsText.count)) + digitsText
    return "\(value < 0 && whole > 0 ? "-" : "")\(units)" + (digits > 0 ? "." + padded : "")
}

/// `3s`, `2m 05s`, `1ms`, `250us`.
func durationText(_ seconds: Double, isShort: Bool = false) -> String {
    if seconds >= 3600 {
        let minutes = Int(seconds / 60)
        return "\(minutes / 60)h \(twoDigits(minutes % 60))m"
    }
    if seconds >= 60 { return "\(Int(seconds) / 60)m \(twoDigits(Int(seconds) % 60))s" }
    if seconds >= 1 || !isShort { return isShort ? "\(fixed(seconds, digits: 1))s" : "\(Int(seconds.rounded()))s" }
    if seconds >= 1e-3 { return "\(Int((seconds * 1e3).rounded()))ms" }
    return "\(Int((seconds * 1e6).rounded()))us"
}
