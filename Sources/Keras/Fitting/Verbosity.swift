// How much training tells while it runs.

/// How much training tells while it runs.
///
///     try model.fit(images, labels, verbose: 2)            // as Keras's numbers
public struct Verbosity: Sendable, Hashable, ExpressibleByIntegerLiteral {
    enum Kind: Sendable {
        case silent
        case bar
        case lines
        case automatic
    }

    let kind: Kind

    /// A progress bar in a terminal; in files and pipes one line for each epoch.
    public static let automatic = Verbosity(kind: .automatic)
    /// Nothing.
    public static let silent = Verbosity(kind: .silent)
    /// A progress bar; where the output is no terminal, a line for each epoch.
    public static let progressBar = Verbosity(kind: .bar)
    /// One line for each epoch.
    public static let lines = Verbosity(kind: .lines)

    /// Keras's numbers: 0 is silent, 1 a progress bar, 2 a line for each epoch.
    public init(integerLiteral value: Int) {
        kind = value <= 0 ? .silent : value == 1 ? .bar : .lines
    }

    private init(kind: Kind) { self.kind = kind }
}
