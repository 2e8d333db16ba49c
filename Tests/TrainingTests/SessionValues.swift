import Sessions
import Tensors

extension Session {
    /// The value of a fetch of rank 0. Comparing that of `run` with a literal inside `#expect` does not type-check.
    func scalar<Fetch: Fetchable, Scalar>(_ fetch: Fetch) throws -> Scalar where Fetch.Fetched == NDArray<Scalar> {
        try run(fetch).scalar
    }
}
