internal import Client
internal import Records

enum JobCommand {
    static let verbs = [list, get, watch, control(.pause, "Take it from its worker, until it is resumed"), control(.resume, "Let a paused or failed one go on"),
        control(.cancel, "End it"), retention]

    private static let list = Verb(
        name: "job list", summary: "Jobs, newest first", words: "", wordsMax: 0,
        options: [
            Option("type", "TYPE", "only of this type", choices: JobType.allCases.map(\.rawValue)),
            Option("state", "STATE", "only in this state", choices: JobState.allCases.map(\.rawValue)), Option("limit", "N", "how many", or: "20"),
        ] + Connection.options
    ) { arguments in
        try await Connection.run(arguments) { client in
            var listing = RecordListing(.job, limit: try arguments.integer("limit", in: 1...Limits.pageMax))
            for (option, field) in [("type", RecordField.type), ("state", .state)] {
                if let text = arguments[option] { listing.values[field] = .text(text) }
            }
            let jobs = try await client.browse(listing).records
            if arguments.has("json") { return print(["jobs": .list(jobs.map { $0.json() })] as JSON) }
            if jobs.isEmpty { print("  nothing there") }
            for job in jobs { print(line(job)) }
        }
    }

    static func line(_ job: Record) -> String {
        let done = "\(job.integer(.doneCount) ?? 0)" + (job.integer(.totalCount).map { " of \($0)" } ?? "")
        let failed = job.integer(.failedCount).map { $0 > 0 ? ", \($0) failed" : "" } ?? ""
        let head = "\(job.id)  \((job.text(.type) ?? "").padded(to: 9))  \((job.text(.state) ?? "").padded(to: 9))  "
        return head + "\(done)\(failed)".line(of: max(10, Printing.width - head.count))
    }

    private static let get = Verb(name: "job get", summary: "Show one whole", words: "UUID", wordsMax: 1, options: Connection.options) { arguments in
        let id = try id(arguments)
        try await Connection.run(arguments) { client in
            guard let job = try await client.records(.job, [id]).first else { throw Failure("there is no job \(id)") }
            print(arguments.has("json") ? job.json().description : RecordText.page(job))
        }
    }

    private static let watch = Verb(
        name: "job watch", summary: "Show how it goes on, until it is over", words: "UUID", wordsMax: 1, options: Connection.options
    ) { arguments in
        let id = try id(arguments)
        try await Connection.run(arguments) { client in
            let progress = Progress(isQuiet: arguments.has("json"))
            do {
                for try await job in client.watchJob(id) {
                    if arguments.has("json") { print(job.json()) } else { progress.show(job) }
                    if let state = job.jobState, state.isOver {
                        progress.end()
                        if !arguments.has("json") { print("\(state.rawValue): \(job.integer(.doneCount) ?? 0) done\(job.text(.lastError).map { "; \($0)" } ?? "")") }
                        if state != .succeeded { throw Failure("the job \(state.rawValue == "failed" ? "has failed" : "was cancelled")") }
                    }
                }
            } catch {
                progress.end()
                throw error
            }
        }
    }

    private static func control(_ control: JobControl, _ summary: String) -> Verb {
        Verb(name: "job \(control.name)", summary: summary, words: "UUID", wordsMax: 1, options: Connection.options) { arguments in
            let id = try id(arguments)
            try await Connection.run(arguments) { client in
                let receipt = try await client.controlJob(id, control)
                if arguments.has("json") { return print(Printing.json(receipt)) }
                let job = try await client.records(.job, [id]).first
                print("job \(id) is \(job?.text(.state) ?? "gone")\(receipt.change == 0 ? " already" : "")")
            }
        }
    }

    private static let retention = Verb(
        name: "job retention", summary: "Delete what is older than is kept", words: "", wordsMax: 0,
        options: [Option("before", "TIME", "older than this; else than the organization's setting data_retention_days")] + Connection.options,
        notes: "Messages and conversations go for good. An organization that has the setting is looked after once a day without this: "
            + "pinyon organization update --settings '{\"data_retention_days\": 90}'"
    ) { arguments in
        var parameters: JSON?
        if let text = arguments["before"] {
            guard Timestamp(text) != nil else { throw UsageError("--before: \"\(text)\" is no ISO 8601 time") }
            parameters = ["before": .text(text)]
        }
        let given = parameters
        try await Connection.run(arguments) { client in
            let id = try await client.startJob(.retention, parameters: given)
            print(arguments.has("json") ? (["job": .text(id.description)] as JSON).description : "job \(id); see pinyon job watch \(id)")
        }
    }

    private static func id(_ arguments: Arguments) throws(UsageError) -> Identifier {
        guard let text = arguments.words.first else { throw .init("say which job: pinyon job list shows them") }
        guard let id = Identifier(text) else { throw .init("\"\(text)\" is no UUID") }
        return id
    }
}
