internal import Embedding
internal import Models
internal import Records

enum ModelCommand {
    static let modelsOption = Option("models", "DIR", "where models are installed (${XDG_DATA_HOME:-~/.local/share}/pinyon/models)", isSetting: true)

    static let verbs = [
        Verb(
            name: "model install", summary: "Download a model and check every byte of it", words: "[NAME]", wordsMax: 1,
            options: [
                Option("from", "FILE", "from its archive on this machine, without a network"), Option("url", "URL", "from its archive at another address"),
                modelsOption,
            ],
            notes: "The default is \(EmbedderSettings.modelDefault). One that is there and whole is left alone. Broken off, the same command goes on where it was.",
            run: install),
        Verb(
            name: "model list", summary: "The models that can be installed, and those that are", words: "", wordsMax: 0,
            options: [modelsOption, Option("json", nil, "print one JSON object, for programs")], run: list),
        Verb(
            name: "model verify", summary: "Check the files of a model", words: "[NAME|DIR]", wordsMax: 1,
            options: [modelsOption, Option("json", nil, "print one JSON object, for programs")],
            notes: "An installed model is compared with its recipe, byte for byte; any other folder is loaded as a server would.", run: verify),
    ]

    static func store(_ arguments: Arguments) throws -> ModelStore {
        if let folder = arguments["models"] { return ModelStore(folder) }
        if let data = System.environment("XDG_DATA_HOME"), !data.isEmpty { return ModelStore(data + "/pinyon/models") }
        guard let home = System.environment("HOME"), !home.isEmpty else { throw Failure("HOME is not set; say with --models where models are installed") }
        return ModelStore(home + "/.local/share/pinyon/models")
    }

    @Sendable private static func install(_ arguments: Arguments) async throws {
        guard arguments["from"] == nil || arguments["url"] == nil else { throw UsageError("give --from or --url, not both") }
        let store = try store(arguments)
        let source: ModelStore.Source = arguments["from"].map { .file($0) } ?? arguments["url"].map { .url($0) } ?? .recipe
        let progress = Progress()
        defer { progress.end() }
        do throws(ModelError) {
            let recipe = try store.recipe(named: arguments.words.first ?? EmbedderSettings.modelDefault)
            let total = recipe.archiveBytes
            let isNew = try store.install(recipe, from: source) { bytes in
                progress.show("\(megabytes(bytes)) of \(megabytes(total))", share: Double(bytes) / Double(total))
            }
            progress.end()
            print("\(recipe.name) is installed\(isNew ? "" : " already") in \(store.path(of: recipe.name))")
        } catch {
            throw Failure(error.description)
        }
    }

    @Sendable private static func list(_ arguments: Arguments) async throws {
        let store = try store(arguments)
        var rows: [JSON] = []
        do {
            for recipe in ModelRecipe.known {
                let state: (String, JSON) =
                    switch try store.state(of: recipe) {
                    case .installed: ("installed", .null)
                    case .absent: ("not installed", .null)
                    case .damaged(let path, let why): ("damaged", .text("\(path): \(why)"))
                    }
                rows.append([
                    "name": .text(recipe.name), "dimension": .integer(Int64(recipe.dimension)), "licence": .text(recipe.licence), "bytes": .integer(recipe.bytes),
                    "state": .text(state.0), "path": state.0 == "not installed" ? .null : .text(store.path(of: recipe.name)), "damage": state.1,
                ])
            }
        } catch {
            throw Failure(error.description)
        }
        rows += store.others.map { ["name": .text($0), "state": "own folder", "path": .text(store.path(of: $0))] }
        if arguments.has("json") { return print(["models": .list(rows)] as JSON) }
        for row in rows {
            let facts = [row["dimension"]?.integer.map { "\($0) dimensions" }, row["licence"]?.text, row["bytes"]?.integer.map(megabytes)].compactMap(\.self)
            print("\((row["name"]?.text ?? "").padded(to: 20))  \((row["state"]?.text ?? "").padded(to: 13))  \(facts.joined(separator: ", "))")
            if let damage = row["damage"]?.text { print("  \(damage.shown)") }
        }
    }

    @Sendable private static func verify(_ arguments: Arguments) async throws {
        let store = try store(arguments)
        let name = arguments.words.first ?? EmbedderSettings.modelDefault
        var problem: String?
        var path = name
        do {
            path = try store.folder(named: name)
            if path == store.path(of: name), store.knows(name) {
                if case .damaged(let file, let why) = try store.state(of: try store.recipe(named: name)) { problem = "\(file): \(why)" }
            } else {
                _ = try LocalEmbedder(folder: path, callsMax: 1)
            }
        } catch let error as ModelError {
            throw Failure(error.description)
        } catch let error as EmbeddingError {
            problem = error.description
        }
        if arguments.has("json") {
            print(["path": .text(path), "sound": .bool(problem == nil), "problem": problem.map { .text($0) } ?? .null] as JSON)
        }
        if let problem { throw Failure(store.knows(name) ? "\(problem). Put it in order with: pinyon model install \(name)" : problem) }
        if !arguments.has("json") { print("\(path) is sound") }
    }

    private static func megabytes(_ bytes: Int64) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
}
