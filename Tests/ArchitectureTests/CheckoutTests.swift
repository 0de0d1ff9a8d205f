import Testing

@Suite("the checkout keeps its own rules")
struct CheckoutTests {
    private func expectNone(_ violations: [Violation]) {
        for violation in violations { Issue.record("\(violation)") }
    }

    @Test("modules import only what the table of arrows allows")
    func imports() throws {
        try expectNone(Checkout.sources().flatMap { ImportRule.check($0) })
    }

    @Test("no file in Sources is longer than 400 code lines")
    func fileLength() throws {
        try expectNone(Checkout.sources().flatMap { SizeRules.fileLength($0) })
    }

    @Test("no function in Sources is longer than 60 code lines")
    func functionLength() throws {
        try expectNone(Checkout.sources().flatMap(SizeRules.functionLength))
    }

    @Test("only the listed files say unsafe, and each of them does")
    func unsafeWord() throws {
        try expectNone(Checkout.sources().flatMap { SafetyRules.unsafeWord($0) })
    }

    @Test("every unchecked Sendable has a sentence that names what guards it")
    func uncheckedSendable() throws {
        try expectNone(Checkout.sources().flatMap(SafetyRules.uncheckedSendable))
    }

    @Test("Dispatch watches no socket")
    func watchedSocket() throws {
        try expectNone(Checkout.sources().flatMap { SafetyRules.watchedSocket($0) })
    }

    @Test("no type has its module's name")
    func typeNamedAsModule() throws {
        try expectNone(Checkout.sources().flatMap(NamingRules.typeNamedAsModule))
    }

    @Test("no file has a name that says nothing")
    func emptyNames() throws {
        for folder in ["Sources", "Tests", "Benchmarks"] {
            try expectNone(Checkout.paths(below: folder).flatMap(NamingRules.emptyName))
        }
    }

    @Test("nothing is marked as unfinished")
    func unfinished() throws {
        for folder in ["Sources", "Tests", "Benchmarks", "scripts", "clients", "datasets"] {
            for path in try Checkout.paths(below: folder) where !path.hasPrefix("Tests/ArchitectureTests/") {
                guard let text = Checkout.text(path) else { continue }
                expectNone(NamingRules.unfinished(path: path, text: text))
            }
        }
    }

    @Test("nothing lies at the top that has no place there")
    func topLevel() throws {
        let names = try Checkout.names()
        #expect(names.contains("Package.swift"), "the tests no longer know where the checkout is")
        expectNone(LayoutRules.topLevel(names: names, gitignore: Checkout.text(".gitignore") ?? ""))
    }

    @Test("the README, if there is one, is at most 150 lines")
    func readme() {
        guard let text = Checkout.text("README.md") else { return }
        expectNone(LayoutRules.readmeLength(text))
    }

    @Test("docs/ARCHITECTURE.md, if it is there, mentions every module of the manifest")
    func documentedModules() throws {
        let manifest = try #require(Checkout.text("Package.swift"))
        #expect(!LayoutRules.modules(manifest: manifest).isEmpty)
        guard let architecture = Checkout.text("docs/ARCHITECTURE.md") else { return }
        expectNone(LayoutRules.undocumentedModules(manifest: manifest, architecture: architecture))
    }

    @Test("every module of Sources has a row in the table of arrows, and every row leads to a module of the manifest")
    func tableMatchesManifest() throws {
        let manifest = try #require(Checkout.text("Package.swift"))
        let modules = Set(LayoutRules.modules(manifest: manifest))
        for (module, arrows) in arrowsByModule {
            #expect(modules.contains(module))
            #expect(arrows.own.isSubset(of: modules))
        }
    }
}
