/// What each module may import.
struct Arrows {
    /// Modules of this package.
    let own: Set<String>
    /// Modules of the toolchain.
    let toolchain: Set<String>
}

/// The allowed arrows; what is not here is refused. Foundation is on purpose in no row.
let arrowsByModule: [String: Arrows] = [
    "Records": Arrows(own: [], toolchain: []),
    "Columns": Arrows(own: ["Records"], toolchain: ["Synchronization"]),
    "Vectors": Arrows(own: ["CKernels", "CBLAS"], toolchain: ["Glibc", "Synchronization"]),
    "VectorIndex": Arrows(own: ["Vectors", "Columns", "Records"], toolchain: ["Dispatch", "Glibc", "Synchronization"]),
    "Lexical": Arrows(own: ["Columns", "Records", "CUTF8Proc", "CStemmer"], toolchain: ["Glibc", "Synchronization"]),
    "Terminology": Arrows(own: ["Lexical", "Recall", "Records"], toolchain: ["Synchronization"]),
    "Termbase": Arrows(own: ["Records", "CExpat"], toolchain: ["Glibc"]),
    "Recall": Arrows(own: ["Records"], toolchain: ["Glibc"]),
    "Secrets": Arrows(own: ["COpenSSL"], toolchain: []),
    "Drawing": Arrows(own: [], toolchain: ["Glibc"]),
    "Embedding": Arrows(own: ["Vectors", "Records", "Secrets", "CUTF8Proc", "CCurl"], toolchain: ["Dispatch", "Synchronization", "Glibc"]),
    "Models": Arrows(own: ["Records", "Secrets", "CCurl", "CZip"], toolchain: ["Glibc"]),
    "Storage": Arrows(own: ["Records", "Recall", "Secrets", "CSQLite", "CPostgres", "CSystem", "CUTF8Proc"], toolchain: ["Dispatch", "Synchronization", "Glibc"]),
    "Wire": Arrows(own: ["Records", "CSystem"], toolchain: []),
    "Transport": Arrows(own: ["CSystem", "COpenSSL"], toolchain: ["Dispatch", "Synchronization", "Glibc"]),
    "Engine": Arrows(
        own: ["Records", "Columns", "Vectors", "VectorIndex", "Lexical", "Terminology", "Recall", "Embedding", "Storage", "Secrets"],
        toolchain: ["Dispatch", "Synchronization", "Glibc"]),
    "Server": Arrows(
        own: ["Wire", "Transport", "Engine", "Records"],
        toolchain: ["Dispatch", "Synchronization", "Glibc"]),
    "Client": Arrows(own: ["Wire", "Transport", "Records"], toolchain: ["Dispatch", "Synchronization", "Glibc"]),
    "pinyon": Arrows(
        own: ["CSystem", "Records", "Terminology", "Termbase", "Recall", "Vectors", "Embedding", "Models", "Drawing", "Storage", "Secrets", "Wire", "Transport", "Engine", "Server", "Client"],
        toolchain: ["Dispatch", "Synchronization", "Glibc"]),
]

/// The only files that may say `unsafe`, each with what it needs it for.
let unsafeFiles: [String: String] = [
    "Columns/ColumnBuffer.swift": "one allocation shared by snapshots",
    "Columns/RowFinder.swift": "places that one thread writes and others read meanwhile",
    "Embedding/Endpoint/EndpointClock.swift": "the system's clocks",
    "Embedding/Endpoint/HTTPHandle.swift": "curl's handles, and the bytes it is lent",
    "Lexical/Folding.swift": "foldings by utf8proc",
    "Lexical/Stemmer.swift": "Snowball's handle",
    "Models/Download.swift": "curl's handle, and the bytes it lends",
    "Models/Files.swift": "the file system's calls",
    "Models/ZipArchive.swift": "libzip's archive and entries",
    "Secrets/Digest.swift": "bytes handed to OpenSSL's digests",
    "Storage/Absence.swift": "files, read block by block",
    "Storage/ContentHash.swift": "foldings by utf8proc",
    "Storage/DataDirectory.swift": "the directory's lock and its system calls",
    "Storage/RowChecksum.swift": "the checksum instruction over a row's bytes",
    "Storage/Postgres/PostgresAddress.swift": "the settings that libpq reads out of an address",
    "Storage/Postgres/PostgresConnection.swift": "libpq's handle, and the bytes it is lent",
    "Storage/Postgres/PostgresParameters.swift": "vectors, written in place",
    "Storage/Postgres/PostgresRows.swift": "libpq's results, and the bytes read from them",
    "Storage/SQLite/SQLiteConnection.swift": "the database handle",
    "Storage/SQLite/SQLiteStatement.swift": "statements, and the bytes bound to and read from them",
    "Termbase/XMLEvents.swift": "expat's parser, and the texts it lends",
    "Transport/Poller.swift": "the events that a system call writes",
    "Transport/ReadBuffer.swift": "bytes read into uninitialized room",
    "Transport/SelfSigned.swift": "OpenSSL's keys and certificates",
    "Transport/Socket.swift": "socket addresses and system calls",
    "Transport/TLSContext.swift": "OpenSSL's context",
    "Transport/TLSSession.swift": "OpenSSL's session and its two byte queues",
    "Embedding/Tokenizer/Folding.swift": "decompositions by utf8proc",
    "Vectors/BLAS+Rows.swift": "products of rows through cblas",
    "Vectors/BLAS.swift": "products through cblas",
    "Vectors/CodeKernels.swift": "the face of the inner loops over codes in C",
    "Vectors/CodeList.swift": "blocks of codes that one writer appends to",
    "Vectors/CodeScan.swift": "a query's tables and what it finds",
    "Vectors/EncoderKernels.swift": "the face of the encoder's inner loops in C",
    "Vectors/Floats.swift": "aligned floats",
    "Vectors/Kernels.swift": "the face of the inner loops in C",
    "Vectors/Linear.swift": "products with weights through cblas",
    "Vectors/MappedFile.swift": "a file's mapping",
    "Vectors/ListKernels.swift": "the face of the inner loops over centres in C",
    "Vectors/Matrix.swift": "aligned rows of floats",
    "Vectors/Normalize.swift": "a vector's values in C",
    "Vectors/ProductKernels.swift": "the face of the products in C, and their numbers",
    "Vectors/ByteRows.swift": "rows of bytes, and their products in C",
    "Vectors/PrincipalAxes.swift": "decompositions through LAPACK",
    "Vectors/RankedLists.swift": "lists in order",
    "Vectors/LargePages.swift": "a mapping",
    "Vectors/RowArena.swift": "one mapping of many matrices",
    "Vectors/RowDirectory.swift": "the addresses of rows",
    "Vectors/RowSet.swift": "a set of rows in place",
    "Vectors/Rows.swift": "rows within aligned floats",
    "Vectors/SignRows.swift": "codes in place, and the face of the inner loops over them in C",
    "Vectors/SeenRows.swift": "a table of places",
    "Vectors/Turn.swift": "small products in C",
    "Vectors/WholeNumbers.swift": "numbers that several threads write",
    "Wire/RawBytes.swift": "checksums of frames, and copies too large for a loop",
    "pinyon/System.swift": "environment, files and clocks",
]

/// Files of data or SQL that may be longer than a file of code, each with the reason.
let longDataFiles: [String: String] = [:]

/// What may lie at the top of the checkout, beside what .gitignore names.
let topLevelNames: Set<String> = [
    ".ci", ".git", ".gitattributes", ".gitignore", "Benchmarks", "CHANGELOG.md", "LICENSE", "Package.resolved", "Package.swift",
    "README.md", "Sources", "Tests", "clients", "datasets", "docs", "scripts",
]

/// What editors and SwiftPM leave there for one person.
let personalNames: Set<String> = [".swiftpm", ".vscode", ".idea", ".DS_Store"]

let fileCodeLinesMax = 400
let functionCodeLinesMax = 60
let readmeLinesMax = 150
