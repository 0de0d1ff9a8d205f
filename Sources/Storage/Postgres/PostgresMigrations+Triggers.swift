import Records

/// What is written with plain SQL is completed, counted and told, in its own transaction. Pinyon's writers do all that themselves, and say so in a setting.
extension PostgresMigrations {
    static let ownWriter = "pinyon"

    static func triggers(_ names: PostgresNames) -> PostgresMigration {
        PostgresMigration(
            5, "triggers",
            up: """
                ALTER TABLE changes DROP CONSTRAINT changes_operation_check;
                ALTER TABLE changes ADD CONSTRAINT changes_operation_check CHECK (operation IN (1, 2, 3));
                -- For TRUNCATE, which the tables' owner alone may do, and what follows from it.
                CREATE POLICY owner ON changes FOR INSERT TO CURRENT_USER WITH CHECK (true);
                CREATE POLICY owner ON counters TO CURRENT_USER USING (true);
                CREATE POLICY owner ON embedding_waits TO CURRENT_USER USING (true);
                ALTER TABLE changes ADD CONSTRAINT changes_kind_check CHECK (kind BETWEEN 1 AND \(Kind.followed.count));
                \(counted(names))
                \(keepIdentity)
                \(completeVector)
                \(completeRow)
                \(dateMemory)
                \(completeConversation)
                \(noteRows)
                \(noteMessages)
                \(noteConversations)
                \(noteOrganizations)
                \(noteTruncation)
                \(Kind.followed.map(create(of:)).joined(separator: "\n"))
                """,
            down: """
                DROP FUNCTION note_truncation, note_organizations, note_conversations, note_messages, note_rows, complete_conversation, date_memory, complete_row, complete_vector, given_vector, is_main, sum_of, keep_identity CASCADE;
                UPDATE counters AS c SET rows = c.rows + s.rows, with_vectors = c.with_vectors + s.with_vectors, deleted = c.deleted + s.deleted
                FROM (SELECT organization_id, kind, sum(rows) AS rows, sum(with_vectors) AS with_vectors, sum(deleted) AS deleted FROM counted GROUP BY organization_id, kind) AS s
                WHERE c.organization_id = s.organization_id AND c.kind = s.kind;
                DROP TABLE counted;
                DROP POLICY owner ON changes;
                DROP POLICY owner ON counters;
                DROP POLICY owner ON embedding_waits;
                ALTER TABLE changes NO FORCE ROW LEVEL SECURITY;
                DELETE FROM changes WHERE operation = 3;
                ALTER TABLE changes FORCE ROW LEVEL SECURITY;
                ALTER TABLE changes DROP CONSTRAINT changes_kind_check;
                ALTER TABLE changes DROP CONSTRAINT changes_operation_check;
                ALTER TABLE changes ADD CONSTRAINT changes_operation_check CHECK (operation IN (1, 2));
                """)
    }

    /// What transactions add to the counts, each in a row of its own, so that none waits for another; now and then all is added up.
    private static func counted(_ names: PostgresNames) -> String {
        let own = "organization_id = (SELECT nullif(current_setting('pinyon.organization', true), '')::uuid)"
        return """
            CREATE TABLE counted (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                kind bigint NOT NULL,
                rows bigint NOT NULL,
                with_vectors bigint NOT NULL,
                deleted bigint NOT NULL
            );
            CREATE INDEX idx_counted ON counted (organization_id, kind);
            ALTER TABLE counted ENABLE ROW LEVEL SECURITY;
            ALTER TABLE counted FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON counted TO \(names.service) USING (\(own)) WITH CHECK (\(own));
            CREATE POLICY feed ON counted FOR SELECT TO \(names.feed) USING (true);
            CREATE POLICY owner ON counted TO CURRENT_USER USING (true);
            GRANT SELECT, INSERT ON counted TO \(names.service);
            GRANT SELECT ON counted TO \(names.feed);
            """
    }

    static let triggerFunction = "LANGUAGE plpgsql SET search_path FROM CURRENT AS"
    private static let byOthers = "WHEN (current_setting('pinyon.writer', true) IS DISTINCT FROM '\(ownWriter)')"

    // MARK: Rows after they were written

    /// Its arguments: the kind, the owner's column, and conditions of a row: that it is hidden, has a vector, waits for one.
    private static let noteRows = """
        CREATE FUNCTION note_rows() RETURNS trigger \(triggerFunction) $$
        DECLARE
            its_kind bigint := TG_ARGV[0];
            rows text := CASE TG_OP WHEN 'DELETE' THEN 'old_rows' ELSE 'new_rows' END;
            counts text[] := '{}';
        BEGIN
            EXECUTE format(
                'INSERT INTO changes (organization_id, kind, record_id, version, operation) SELECT %I, %L, id, version, CASE WHEN %s THEN 2 ELSE 1 END FROM %I',
                TG_ARGV[1], its_kind, CASE TG_OP WHEN 'DELETE' THEN 'true' ELSE TG_ARGV[2] END, rows);
            IF TG_OP <> 'DELETE' THEN
                counts := counts || format('SELECT %I AS owner, 1 AS rows, (%s)::integer AS vectors, (%s)::integer AS deleted FROM new_rows', TG_ARGV[1], TG_ARGV[3], TG_ARGV[2]);
            END IF;
            IF TG_OP <> 'INSERT' THEN
                counts := counts || format('SELECT %I AS owner, -1 AS rows, -(%s)::integer AS vectors, -(%s)::integer AS deleted FROM old_rows', TG_ARGV[1], TG_ARGV[3], TG_ARGV[2]);
            END IF;
            IF its_kind IN (\(StoreCounts.kinds.map { "\($0.rawValue)" }.joined(separator: ", "))) THEN
                EXECUTE format(
                    'INSERT INTO counted (organization_id, kind, rows, with_vectors, deleted)'
                    ' SELECT owner, %L, rows, vectors, deleted FROM (SELECT owner, sum(rows) AS rows, sum(vectors) AS vectors, sum(deleted) AS deleted'
                    '   FROM (%s) AS each GROUP BY owner) AS d WHERE rows <> 0 OR vectors <> 0 OR deleted <> 0', its_kind, array_to_string(counts, ' UNION ALL '));
            END IF;
            IF TG_ARGV[4] = 'false' THEN
                RETURN NULL;
            END IF;
            IF TG_OP = 'DELETE' THEN
                DELETE FROM embedding_waits AS w USING old_rows AS r WHERE w.organization_id = r.organization_id AND w.kind = its_kind AND w.record_id = r.id;
                RETURN NULL;
            END IF;
            -- Where callers bring all vectors nobody makes one.
            EXECUTE format(
                'INSERT INTO embedding_waits (organization_id, kind, record_id, since) SELECT r.organization_id, %L, r.id, clock_timestamp() FROM new_rows AS r'
                ' WHERE %s AND NOT EXISTS (SELECT 1 FROM embedding_spaces AS s WHERE s.organization_id = r.organization_id AND s.is_main AND s.provider = ''none'')'
                ' ON CONFLICT DO NOTHING', its_kind, TG_ARGV[4]);
            IF TG_OP = 'UPDATE' THEN
                EXECUTE format(
                    'DELETE FROM embedding_waits AS w USING new_rows AS r'
                    ' WHERE w.organization_id = r.organization_id AND w.kind = %L AND w.record_id = r.id AND NOT (%s)', its_kind, TG_ARGV[4]);
            END IF;
            RETURN NULL;
        END
        $$;
        """

    /// A conversation counts its messages that are not deleted, and sums their vectors; its version is that of changes to itself.
    private static let noteMessages = """
        CREATE FUNCTION note_messages() RETURNS trigger \(triggerFunction) $$
        DECLARE
            parts text[] := '{}';
            writer text := current_setting('pinyon.writer', true);
        BEGIN
            IF TG_OP <> 'DELETE' THEN
                parts := parts || 'SELECT organization_id, conversation_id, 1 AS sign, created_at, coalesce(embedding, other_embedding) AS embedding FROM new_rows WHERE deleted_at IS NULL'::text;
            END IF;
            IF TG_OP <> 'INSERT' THEN
                parts := parts || 'SELECT organization_id, conversation_id, -1 AS sign, NULL::timestamptz AS created_at, coalesce(embedding, other_embedding) AS embedding FROM old_rows WHERE deleted_at IS NULL'::text;
            END IF;
            PERFORM set_config('pinyon.writer', 'messages', true);
            -- The sum is of the row as it is when its turn has come.
            EXECUTE format(
                'UPDATE conversations AS c SET message_count = c.message_count + d.messages, last_activity_at = greatest(c.last_activity_at, d.last),'
                '   updated_at = greatest(c.updated_at, now()), embedding_count = c.embedding_count + d.vectors,'
                '   embedding = CASE WHEN is_main(d.space) THEN sum_of(c.embedding, d.more, d.less, c.embedding_count + d.vectors) END,'
                '   other_embedding = CASE WHEN NOT is_main(d.space) THEN sum_of(c.other_embedding, d.more, d.less, c.embedding_count + d.vectors) END,'
                '   embedding_space_id = CASE WHEN sum_of(coalesce(c.embedding, c.other_embedding), d.more, d.less, c.embedding_count + d.vectors) IS NOT NULL'
                '       THEN coalesce(c.embedding_space_id, d.space) END'
                ' FROM (SELECT organization_id, conversation_id, sum(sign) AS messages, max(created_at) AS last,'
                '       coalesce(sum(sign) FILTER (WHERE embedding IS NOT NULL), 0) AS vectors,'
                '       sum(l2_normalize(embedding)) FILTER (WHERE sign = 1) AS more, sum(l2_normalize(embedding)) FILTER (WHERE sign = -1) AS less,'
                '       (SELECT id FROM embedding_spaces AS s WHERE s.organization_id = each.organization_id AND s.is_main) AS space'
                '   FROM (%s) AS each GROUP BY organization_id, conversation_id) AS d'
                ' WHERE c.organization_id = d.organization_id AND c.id = d.conversation_id AND (d.messages <> 0 OR d.more IS DISTINCT FROM d.less)',
                array_to_string(parts, ' UNION ALL '));
            PERFORM set_config('pinyon.writer', coalesce(writer, ''), true);
            RETURN NULL;
        END
        $$;
        """

    /// The messages of a conversation go and come with it.
    private static let noteConversations = """
        CREATE FUNCTION note_conversations() RETURNS trigger \(triggerFunction) $$
        BEGIN
            INSERT INTO changes (organization_id, kind, record_id, version, operation)
            SELECT m.organization_id, \(Kind.message.rawValue), m.id, m.version, CASE WHEN n.deleted_at IS NULL THEN 1 ELSE 2 END
            FROM new_rows AS n JOIN old_rows AS o USING (organization_id, id) JOIN messages AS m ON m.organization_id = n.organization_id AND m.conversation_id = n.id
            WHERE (n.deleted_at IS NULL) <> (o.deleted_at IS NULL) AND m.deleted_at IS NULL;
            RETURN NULL;
        END
        $$;
        """

    private static let noteOrganizations = """
        CREATE FUNCTION note_organizations() RETURNS trigger \(triggerFunction) $$
        BEGIN
            INSERT INTO counters (organization_id, kind, rows, with_vectors, deleted)
            SELECT n.id, k, 0, 0, 0 FROM new_rows AS n, unnest(ARRAY[\(StoreCounts.kinds.map { "\($0.rawValue)" }.joined(separator: ", "))]) AS k ON CONFLICT DO NOTHING;
            RETURN NULL;
        END
        $$;
        """

    /// One change for all rows of the kind, of nobody's.
    private static let noteTruncation = """
        CREATE FUNCTION note_truncation() RETURNS trigger \(triggerFunction) $$
        BEGIN
            INSERT INTO changes (organization_id, kind, record_id, version, operation) VALUES ('\(Identifier.none)', TG_ARGV[0]::bigint, '\(Identifier.none)', 1, 3);
            UPDATE counters SET rows = 0, with_vectors = 0, deleted = 0 WHERE kind = TG_ARGV[0]::bigint;
            DELETE FROM counted WHERE kind = TG_ARGV[0]::bigint;
            DELETE FROM embedding_waits WHERE kind = TG_ARGV[0]::bigint;
            IF TG_TABLE_NAME = 'messages' THEN
                PERFORM set_config('pinyon.writer', 'messages', true);
                UPDATE conversations SET message_count = 0, embedding = l2_normalize(title_embedding), other_embedding = l2_normalize(other_title_embedding),
                    embedding_count = CASE WHEN coalesce(title_embedding, other_title_embedding) IS NULL THEN 0 ELSE 1 END,
                    embedding_space_id = CASE WHEN coalesce(title_embedding, other_title_embedding) IS NOT NULL THEN embedding_space_id END
                WHERE message_count <> 0 OR embedding_count > 0;
                PERFORM set_config('pinyon.writer', '', true);
            END IF;
            RETURN NULL;
        END
        $$;
        """

    // MARK: Who calls them

    private static func create(of kind: Kind) -> String {
        let table = Table.of(kind).name
        let hasVector = Table.of(kind).columns.contains("embedding")
        let hides = kind == .memory || Schema.of(kind).deletesSoftly
        let waits =
            switch kind {
            case .memory, .message, .term: "embedding_space_id IS NULL"
            case .conversation: "coalesce(title_embedding, other_title_embedding) IS NULL AND title <> 'New Conversation'"
            case .agent, .organization, .key, .user, .pattern, .job, .audit: "false"
            }
        let arguments = [
            "\(kind.rawValue)", kind == .organization ? "id" : "organization_id", hides ? "deleted_at IS NOT NULL" : "false", hasVector ? "embedding_space_id IS NOT NULL" : "false", waits,
        ]
        let noting = "note_rows(\(arguments.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", ")))"
        let completing =
            switch kind {
            case .conversation: "complete_conversation()"
            case .term: "complete_row('term')"
            case .memory, .message: "complete_row('content')"
            case .agent, .organization, .key, .user, .pattern, .job, .audit: "complete_row()"
            }
        let identity = kind == .organization ? ["id"] : ["organization_id", "id"]
        var triggers = [
            """
            CREATE TRIGGER keep BEFORE UPDATE OF \(identity.joined(separator: ", ")) ON \(table) FOR EACH ROW
            WHEN (\(identity.map { "NEW.\($0) IS DISTINCT FROM OLD.\($0)" }.joined(separator: " OR "))) EXECUTE FUNCTION keep_identity();
            """
        ]
        triggers += ["CREATE TRIGGER complete BEFORE INSERT OR UPDATE ON \(table) FOR EACH ROW \(byOthers) EXECUTE FUNCTION \(completing);"]
        func after(_ event: Event, _ name: String, _ function: String) {
            triggers.append("CREATE TRIGGER \(name)_\(event.rawValue) AFTER \(event.rawValue) ON \(table)\(event.tables) FOR EACH STATEMENT \(byOthers) EXECUTE FUNCTION \(function);")
        }
        for event in [Event.insert, .update, .delete] {
            after(event, "note", noting)
            if kind == .message { after(event, "follow", "note_messages()") }
        }
        if kind == .memory { triggers.append("CREATE TRIGGER date BEFORE INSERT OR UPDATE ON \(table) FOR EACH ROW \(byOthers) EXECUTE FUNCTION date_memory();") }
        if kind == .conversation { after(.update, "follow", "note_conversations()") }
        if kind == .organization { after(.insert, "follow", "note_organizations()") }
        after(.truncate, "note", "note_truncation('\(kind.rawValue)')")
        return triggers.joined(separator: "\n")
    }

    private enum Event: String {
        case insert, update, delete, truncate

        var tables: String {
            switch self {
            case .insert: " REFERENCING NEW TABLE AS new_rows"
            case .update: " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
            case .delete: " REFERENCING OLD TABLE AS old_rows"
            case .truncate: ""
            }
        }
    }
}
