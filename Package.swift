// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let c: [CSetting] = [.treatAllWarnings(as: .error)]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], excluding excluded: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: excluded, resources: resources, swiftSettings: swift)
}

let package = Package(
    name: "pinyon",
    products: [
        .executable(name: "pinyon", targets: ["pinyon"]),
        .executable(name: "pinyon-bench", targets: ["pinyon-bench"]),
        .library(name: "PinyonClient", targets: ["Client", "Records", "Transport"]),
    ],
    targets: [
        .target(name: "CSystem", cSettings: c),
        // Without optimization every instruction is a call: tests would take minutes.
        .target(name: "CKernels", cSettings: c + [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        .systemLibrary(name: "CBLAS"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CPostgres"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CUTF8Proc"),
        .systemLibrary(name: "CStemmer"),
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CZip"),
        .systemLibrary(name: "CExpat"),

        module("Records"),
        module("Columns", ["Records"]),
        module("Vectors", ["CKernels", "CBLAS"]),
        module("VectorIndex", ["Vectors", "Columns", "Records"]),
        module("Lexical", ["Columns", "Records", "CUTF8Proc", "CStemmer"]),
        module("Terminology", ["Lexical", "Recall", "Records"]),
        module("Termbase", ["Records", "CExpat"]),
        module("Recall", ["Records"]),
        module("Secrets", ["COpenSSL"]),
        module("Drawing"),
        module("Embedding", ["Vectors", "Records", "Secrets", "CUTF8Proc", "CCurl"]),
        module("Models", ["Records", "Secrets", "CCurl", "CZip"]),
        module("Storage", ["Records", "Recall", "Secrets", "CSQLite", "CPostgres", "CSystem", "CUTF8Proc"]),
        module("Wire", ["Records", "CSystem"]),
        module("Transport", ["CSystem", "COpenSSL"]),
        module("Engine", ["Records", "Columns", "Vectors", "VectorIndex", "Lexical", "Terminology", "Recall", "Embedding", "Storage", "Secrets"]),
        module("Server", ["Wire", "Transport", "Engine", "Records"]),
        module("Client", ["Wire", "Transport", "Records"]),
        .executableTarget(
            name: "pinyon",
            dependencies: ["CSystem", "Records", "Terminology", "Termbase", "Recall", "Vectors", "Embedding", "Models", "Drawing", "Storage", "Secrets", "Wire", "Transport", "Engine", "Server", "Client"],
            swiftSettings: swift),
        .executableTarget(
            name: "pinyon-bench",
            dependencies: ["Records", "Wire", "Transport", "Client", "Embedding", "Vectors", "Columns", "VectorIndex", "Terminology", "Drawing", "CSQLite", "CPostgres"],
            path: "Benchmarks/pinyon-bench",
            swiftSettings: swift),

        tests("ArchitectureTests", []),
        tests("WireTests", ["Wire", "Records"]),
        tests("ProcessTests", ["Client", "Transport", "Wire", "Recall", "Records"]),
        tests("VectorIndexTests", ["VectorIndex", "Vectors", "Columns", "Records"]),
        tests("VectorsTests", ["Vectors"]),
        tests("ColumnsTests", ["Columns", "Records"]),
        tests("LexicalTests", ["Lexical", "Columns", "Records"]),
        tests("TerminologyTests", ["Terminology", "Lexical", "Recall", "Records"]),
        tests("TermbaseTests", ["Termbase", "Records"]),
        tests("RecallTests", ["Recall", "Records"]),
        tests("RecordsTests", ["Records"]),
        tests("StorageTests", ["Storage", "Recall", "Secrets", "Records"]),
        tests("TransportTests", ["Transport"]),
        tests("EmbeddingTests", ["Embedding", "Vectors", "Records", "Secrets", "Transport"], excluding: ["Reference"]),
        tests("SecretsTests", ["Secrets"]),
        tests("DrawingTests", ["Drawing"]),
        tests("ModelsTests", ["Models", "Secrets", "Records", "Transport"]),
        tests("EngineTests", ["Engine", "Lexical", "Columns", "Embedding", "Recall", "Storage", "VectorIndex", "Records"]),
        tests("ServerTests", ["Server", "Engine", "Storage", "Wire", "Records"]),
        tests("ClientTests", ["Client", "Server", "Engine", "Storage", "Transport", "Wire", "Records"]),
    ]
)
