/// Why a model is not there.
public enum ModelError: Error, Hashable, Sendable {
    case unknownName(String, known: [String])
    case notInstalled(String)
    /// A file or folder of this machine, and what the system says of it.
    case unusable(path: String, why: String)
    case notDownloaded(url: String, why: String)
    /// An archive that is not the one of the recipe, or one that cannot be read.
    case wrongArchive(path: String, why: String)
}

extension ModelError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownName(let name, let known): "there is no recipe for a model \"\(name)\"; there is one for \(known.joined(separator: ", "))"
        case .notInstalled(let name): "the model \(name) is not installed. Install it with: pinyon model install \(name)"
        case .unusable(let path, let why): "\(path): \(why)"
        case .notDownloaded(let url, let why):
            "\(url) could not be downloaded: \(why). Without a network, fetch that file elsewhere and give it with --from FILE"
        case .wrongArchive(let path, let why): "\(path) is not the archive of the recipe: \(why)"
        }
    }
}
