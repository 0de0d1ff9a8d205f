import Foundation
import Records
import Synchronization
import Testing

@testable import Models

@Suite("A model is installed whole, checked to the last byte, or not at all")
struct ModelStoreTests {
    private let home: TemporaryFolder
    private let archive = SmallArchive()

    init() throws { home = try TemporaryFolder() }

    private func store(_ recipe: ModelRecipe) -> ModelStore { ModelStore(home.path + "/models", recipes: [recipe]) }

    private func modelError(_ body: () throws -> Void) -> ModelError? {
        do {
            try body()
            return nil
        } catch { return error as? ModelError }
    }

    /// Nothing but what an installation that is under way may leave.
    private func isEmpty() -> Bool { home.names("/models").allSatisfy { $0 == ".lock" } }

    @Test("from an archive on this machine: every file is there, and a second time nothing is done")
    func fromFile() throws {
        let recipe = archive.recipe()
        let store = store(recipe)
        let path = try home.write(archive.bytes, to: "archive.zip")
        #expect(try store.state(of: recipe) == .absent)
        #expect(modelError { _ = try store.folder(named: "small") } == .notInstalled("small"))
        #expect(try store.install(recipe, from: .file(path)))
        #expect(try store.state(of: recipe) == .installed)
        for file in SmallArchive.files {
            #expect(try Data(contentsOf: URL(fileURLWithPath: store.path(of: "small") + "/" + file.path)) == Data(file.bytes))
        }
        #expect(home.names("/models") == [".lock", "small"])
        #expect(try store.folder(named: "small") == store.path(of: "small"))
        #expect(try !store.install(recipe, from: .file("nothing")))
    }

    @Test("over the network, and on where a first try broke off")
    func download() throws {
        let bytes = archive.bytes
        let server = try FileServer([
            { _ in FileServer.answer(Array(bytes[..<40_000]), announced: bytes.count) },
            { request in
                #expect(request.contains("Range: bytes=40000-"))
                return FileServer.answer(Array(bytes[40_000...]), status: "206 Partial Content", headers: ["Content-Range: bytes 40000-\(bytes.count - 1)/\(bytes.count)"])
            },
        ])
        defer { server.stop() }
        let recipe = archive.recipe(url: server.url)
        let seen = Mutex<Int64>(0)
        #expect(try store(recipe).install(recipe) { count in seen.withLock { $0 = count } })
        #expect(seen.withLock { $0 } == Int64(bytes.count) && server.requests.count == 2)
        #expect(try store(recipe).state(of: recipe) == .installed)
        #expect(home.names("/models") == [".lock", "small"])
    }

    @Test("a server that cannot go on sends all of it again; a redirect is followed; what is sent after failures is taken")
    func detours() throws {
        let bytes = archive.bytes
        let server = try FileServer([
            { _ in FileServer.answer([], status: "503 Service Unavailable") },
            { _ in FileServer.answer([], status: "302 Found", headers: ["Location: /elsewhere"]) },
            { _ in FileServer.answer(Array(bytes[..<1_000]), announced: bytes.count) },
            { _ in FileServer.answer(bytes) },
        ])
        defer { server.stop() }
        let recipe = archive.recipe()
        #expect(try store(recipe).install(recipe, from: .url(server.url)))
        #expect(try store(recipe).state(of: recipe) == .installed)
    }

    @Test("what is longer, another file, not there or not reachable is an error that says so, and leaves nothing")
    func wrongDownloads() throws {
        var other = archive.bytes
        other[50] ^= 1
        for (answer, words) in [
            (FileServer.answer(archive.bytes + [0]), "longer"), (FileServer.answer(other), "SHA-256"), (FileServer.answer([1, 2, 3]), "3 bytes"),
            (FileServer.answer([], status: "404 Not Found"), "404"), (Array("no HTTP".utf8), "--from FILE"),
        ] {
            let server = try FileServer([{ _ in answer }])
            defer { server.stop() }
            let recipe = archive.recipe(url: server.url)
            let error = modelError { _ = try store(recipe).install(recipe) }
            #expect(error?.description.contains(words) == true && error?.description.contains("127.0.0.1") == true, "\(words): \(error?.description ?? "no error")")
            #expect(try store(recipe).state(of: recipe) == .absent)
        }
        let recipe = archive.recipe(url: "http://127.0.0.1:1/")
        guard case .notDownloaded = modelError({ _ = try store(recipe).install(recipe) }) else {
            Issue.record("nobody was there, and something was installed")
            return
        }
    }

    @Test("an archive whose files are not those of the recipe installs nothing: another byte, longer, shorter, missing")
    func wrongFiles() throws {
        let last = SmallArchive.files[2].bytes
        for (bytes, words) in [([9] + last.dropFirst(), "SHA-256"), (last + [1], "longer"), (Array(last.dropLast()), "shorter"), (nil, "no file")] as [([UInt8]?, String)] {
            let others = Array(SmallArchive.files[..<2]) + (bytes.map { [(path: "weights", bytes: $0)] } ?? [])
            let wrong = SmallArchive(others)
            let recipe = wrong.recipe(files: SmallArchive.files)
            let path = try home.write(wrong.bytes, to: "archive.zip")
            let error = modelError { _ = try store(recipe).install(recipe, from: .file(path)) }
            #expect(error?.description.contains(words) == true, "\(words): \(error?.description ?? "no error")")
            #expect(isEmpty())
        }
        let text = Array("this is no archive".utf8)
        let path = try home.write(text, to: "archive.zip")
        var recipe = archive.recipe()
        recipe = ModelRecipe(
            name: "small", licence: "", dimension: 4, url: "", archiveBytes: Int64(text.count), archiveSHA256: SmallArchive.sha256(text), archiveFolder: recipe.archiveFolder, files: recipe.files)
        guard case .wrongArchive = modelError({ _ = try store(recipe).install(recipe, from: .file(path)) }) else {
            Issue.record("a text was taken for an archive")
            return
        }
    }

    @Test("a model that is damaged is told with its file, and put in order by installing it again")
    func damaged() throws {
        let recipe = archive.recipe()
        let store = store(recipe)
        let path = try home.write(archive.bytes, to: "archive.zip")
        _ = try store.install(recipe, from: .file(path))
        let weights = store.path(of: "small") + "/weights"
        for damage in [
            { try Data([1]).write(to: URL(fileURLWithPath: weights)) }, { try FileManager.default.removeItem(atPath: weights) },
            { try Data(SmallArchive.files[2].bytes.reversed()).write(to: URL(fileURLWithPath: weights)) },
        ] {
            try damage()
            guard case .damaged(let file, _) = try store.state(of: recipe) else {
                Issue.record("the damage was not noticed")
                return
            }
            #expect(file == weights)
            #expect(try store.install(recipe, from: .file(path)))
            #expect(try store.state(of: recipe) == .installed)
        }
        #expect(home.names("/models") == [".lock", "small"])
    }

    @Test("what an installation that was killed left behind does not hold up the next")
    func leftovers() throws {
        let recipe = archive.recipe()
        for name in [".small.new/1_Pooling", ".small.old"] { try FileManager.default.createDirectory(atPath: home.path + "/models/" + name, withIntermediateDirectories: true) }
        _ = try home.write(Array(repeating: 7, count: archive.bytes.count), to: "models/.small.part")
        let server = try FileServer([{ [bytes = archive.bytes] _ in FileServer.answer(bytes) }])
        defer { server.stop() }
        let damaged = modelError { _ = try store(recipe).install(recipe, from: .url(server.url)) }
        guard case .wrongArchive = damaged else {
            Issue.record("a file of the right length and the wrong bytes was taken")
            return
        }
        #expect(try store(recipe).install(recipe, from: .url(server.url)))
        #expect(home.names("/models") == [".lock", "small"])
    }

    @Test("of two that install at once one does it, and both find it there")
    func atOnce() async throws {
        let recipe = archive.recipe()
        let path = try home.write(archive.bytes, to: "archive.zip")
        let store = store(recipe)
        let news = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 { group.addTask { try store.install(recipe, from: .file(path)) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(news == 1)
        #expect(try store.state(of: recipe) == .installed)
    }

    @Test("a name without a recipe, a folder that is not there and a folder of one's own")
    func names() throws {
        let recipe = archive.recipe()
        let store = store(recipe)
        #expect(modelError { _ = try store.folder(named: "large") } == .unknownName("large", known: ["small"]))
        #expect(modelError { _ = try store.folder(named: "./large") } == .unusable(path: "./large", why: "there is no such folder"))
        #expect(try store.folder(named: home.path) == home.path)
        try FileManager.default.createDirectory(atPath: store.path(of: "mine"), withIntermediateDirectories: true)
        #expect(try store.folder(named: "mine") == store.path(of: "mine"))
        #expect(store.others == ["mine"])
        try FileManager.default.removeItem(atPath: store.path(of: "mine"))
    }

    @Test("the recipes that ship are whole")
    func known() {
        for recipe in ModelRecipe.known {
            #expect(recipe.url.hasPrefix("https://") && recipe.archiveSHA256.count == 64 && recipe.files.allSatisfy { $0.sha256.count == 64 && !$0.path.contains("..") })
            #expect(recipe.files.contains { $0.path == "config.json" } && recipe.files.contains { $0.path == "model.safetensors" })
        }
    }
}
