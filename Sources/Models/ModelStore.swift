/// The folder where models are installed, each in a folder of its own name.
///
/// A model is there whole or not at all: it is unpacked beside its place, checked file by file, and moved there at once.
public struct ModelStore: Sendable {
    public enum State: Hashable, Sendable {
        case installed
        case absent
        /// The file, and what is wrong with it.
        case damaged(path: String, why: String)
    }

    public enum Source: Hashable, Sendable {
        /// The address of the recipe.
        case recipe
        /// The same archive at another address.
        case url(String)
        /// The same archive on this machine.
        case file(String)
    }

    public let folder: String
    private let recipes: [ModelRecipe]

    public init(_ folder: String, recipes: [ModelRecipe] = ModelRecipe.known) {
        self.folder = folder
        self.recipes = recipes
    }

    public func recipe(named name: String) throws(ModelError) -> ModelRecipe {
        guard let recipe = recipes.first(where: { $0.name == name }) else { throw .unknownName(name, known: recipes.map(\.name)) }
        return recipe
    }

    /// Whether there is a recipe of that name.
    public func knows(_ name: String) -> Bool { recipes.contains { $0.name == name } }

    public func path(of name: String) -> String { folder + "/" + name }

    /// The folder of an installed model, or the folder that is named. What is in it is not looked at.
    public func folder(named name: String) throws(ModelError) -> String {
        if !name.contains("/"), Files.isFolder(path(of: name)) { return path(of: name) }
        if name.contains("/") || Files.exists(name + "/config.json") {
            guard Files.exists(name) else { throw .unusable(path: name, why: "there is no such folder") }
            return name
        }
        guard knows(name) else { throw .unknownName(name, known: recipes.map(\.name)) }
        throw .notInstalled(name)
    }

    /// Folders of models that no recipe is for.
    public var others: [String] { Files.names(in: folder).filter { !$0.hasPrefix(".") && !knows($0) && Files.isFolder(path(of: $0)) } }

    /// Reads every byte.
    public func state(of recipe: ModelRecipe) throws(ModelError) -> State {
        guard Files.exists(path(of: recipe.name)) else { return .absent }
        for file in recipe.files {
            let path = path(of: recipe.name) + "/" + file.path
            guard Files.exists(path) else { return .damaged(path: path, why: "it is missing") }
            let bytes = try Files.openToRead(path).count
            guard bytes == file.bytes else { return .damaged(path: path, why: "it has \(bytes) bytes and not \(file.bytes)") }
            guard try Files.sha256(path) == file.sha256 else { return .damaged(path: path, why: "its SHA-256 is not that of the recipe") }
        }
        return .installed
    }

    /// False where it was there already. What is damaged is put in order. `progress` is told how many bytes of the archive have come.
    public func install(_ recipe: ModelRecipe, from source: Source = .recipe, progress: @escaping (Int64) -> Void = { _ in }) throws(ModelError) -> Bool {
        if try state(of: recipe) == .installed { return false }
        try Files.makeFolders(folder)
        // Whoever comes second waits, and finds it done.
        let lock = try Files.openToAppend(folder + "/.lock")
        try lock.lock()
        if try state(of: recipe) == .installed { return false }
        switch source {
        case .file(let path):
            try check(path, recipe)
            try unpack(path, recipe)
        case .recipe: try download(recipe.url, recipe, progress)
        case .url(let url): try download(url, recipe, progress)
        }
        return true
    }

    private func download(_ url: String, _ recipe: ModelRecipe, _ progress: @escaping (Int64) -> Void) throws(ModelError) {
        let path = folder + "/." + recipe.name + ".part"
        let part = try Files.openToAppend(path)
        if part.count != recipe.archiveBytes { try Download(url, into: part, bytesMax: recipe.archiveBytes, progress: progress).run() }
        do throws(ModelError) {
            try check(path, recipe)
            try unpack(path, recipe)
        } catch {
            // Gone on with, it would be as wrong again.
            if case .wrongArchive(_, let why) = error {
                try Files.remove(path)
                throw .wrongArchive(path: url, why: why)
            }
            throw error
        }
        try Files.remove(path)
    }

    private func check(_ path: String, _ recipe: ModelRecipe) throws(ModelError) {
        let bytes = try Files.openToRead(path).count
        guard bytes == recipe.archiveBytes else { throw .wrongArchive(path: path, why: "it has \(bytes) bytes and not \(recipe.archiveBytes)") }
        let sha256 = try Files.sha256(path)
        guard sha256 == recipe.archiveSHA256 else { throw .wrongArchive(path: path, why: "its SHA-256 is \(sha256) and not \(recipe.archiveSHA256)") }
    }

    private func unpack(_ path: String, _ recipe: ModelRecipe) throws(ModelError) {
        let archive = try ZipArchive(path)
        let (place, new, old) = (self.path(of: recipe.name), folder + "/." + recipe.name + ".new", folder + "/." + recipe.name + ".old")
        for left in [new, old] where Files.exists(left) { try Files.remove(left) }
        try Files.makeFolders(new)
        do throws(ModelError) {
            for file in recipe.files { try unpack(file, of: recipe, archive, into: new, path) }
            try Files.syncFolder(new)
            if Files.exists(place) { try Files.rename(place, to: old) }
            try Files.rename(new, to: place)
            try Files.syncFolder(folder)
        } catch {
            try? Files.remove(new)
            throw error
        }
        if Files.exists(old) { try Files.remove(old) }
    }

    private func unpack(_ file: ModelRecipe.File, of recipe: ModelRecipe, _ archive: ZipArchive, into new: String, _ path: String) throws(ModelError) {
        let target = new + "/" + file.path
        if let slash = target.lastIndex(of: "/") { try Files.makeFolders(String(target[..<slash])) }
        let handle = try Files.create(target)
        try archive.extract(recipe.archiveFolder + "/" + file.path, bytes: file.bytes) { (bytes) throws(ModelError) in try handle.write(bytes) }
        try handle.sync()
        guard try Files.sha256(target) == file.sha256 else { throw .wrongArchive(path: path, why: "the SHA-256 of its file \(file.path) is not that of the recipe") }
    }
}
