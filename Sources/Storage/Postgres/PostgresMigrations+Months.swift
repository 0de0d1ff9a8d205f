import Records

/// Messages lie in a partition for each month in which their identifiers were made, so that a month can go at once.
///
/// Months are made ahead of time. Between two dates every identifier has a place, in *earlier*, in a month or in *later*; all that were not made from the time,
/// mostly far outside, lie in *other*, which says by a constraint that it holds none of those between: so none of its rows is looked at when a month is added.
extension PostgresMigrations {
    private static let between = (first: "2020-01-01Z", end: "2100-01-01Z")
    /// Besides the present one.
    static let monthsAhead = 2

    static func months(_ names: PostgresNames) -> PostgresMigration {
        PostgresMigration(
            8, "months",
            up: """
                CREATE TABLE message_months (
                    month date PRIMARY KEY CHECK (extract(day FROM month) = 1)
                );
                CREATE FUNCTION this_month() RETURNS date STABLE LANGUAGE sql AS $$ SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date $$;
                CREATE FUNCTION first_id_of(month date) RETURNS uuid IMMUTABLE LANGUAGE sql SET search_path FROM CURRENT AS $$ SELECT first_id(month::timestamp AT TIME ZONE 'UTC') $$;
                CREATE FUNCTION partition_of(month date) RETURNS text STABLE LANGUAGE sql AS $$ SELECT 'messages_' || to_char(month, 'YYYY_MM') $$;
                \(addMonth)
                \(dropMonth)
                \(begin)
                -- The owner takes from conversations what goes with a month, or with all messages.
                CREATE POLICY owner_reads ON conversations FOR SELECT TO CURRENT_USER USING (true);
                CREATE POLICY owner_counts ON conversations FOR UPDATE TO CURRENT_USER USING (true);
                -- A partition that is made later is read by backups as well.
                DO $backup$
                BEGIN
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(names.backup)') THEN
                        ALTER DEFAULT PRIVILEGES IN SCHEMA \(names.quoted) GRANT SELECT ON TABLES TO \(names.backup);
                        GRANT SELECT ON ALL TABLES IN SCHEMA \(names.quoted) TO \(names.backup);
                    END IF;
                END
                $backup$;
                """,
            down: """
                -- Partitions stay with their rows, and are found again on the way up.
                DO $months$
                BEGIN
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(names.backup)') THEN
                        ALTER DEFAULT PRIVILEGES IN SCHEMA \(names.quoted) REVOKE SELECT ON TABLES FROM \(names.backup);
                    END IF;
                END
                $months$;
                DROP POLICY owner_counts ON conversations;
                DROP POLICY owner_reads ON conversations;
                DROP FUNCTION drop_month, add_months, add_month, partition_of, first_id_of, this_month;
                DROP TABLE message_months;
                """)
    }

    /// What is already there goes where it belongs from now on.
    private static let begin = """
        DO $months$
        DECLARE
            this date := this_month();
        BEGIN
            IF to_regclass('messages_later') IS NOT NULL THEN
                INSERT INTO message_months (month)
                SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'messages'::regclass AND c.relname ~ '^messages_[0-9]{4}_[0-9]{2}$';
                PERFORM add_months();
                RETURN;
            END IF;
            CREATE TABLE messages_earlier (LIKE messages INCLUDING ALL);
            CREATE TABLE messages_later (LIKE messages INCLUDING ALL);
            PERFORM set_config('pinyon.writer', '\(ownWriter)', true);
            EXECUTE format('WITH moved AS (DELETE FROM messages_other WHERE id >= %L AND id < %L RETURNING *) INSERT INTO messages_earlier SELECT * FROM moved',
                first_id('\(between.first)'), first_id_of(this));
            EXECUTE format('WITH moved AS (DELETE FROM messages_other WHERE id >= %L AND id < %L RETURNING *) INSERT INTO messages_later SELECT * FROM moved',
                first_id_of(this), first_id('\(between.end)'));
            EXECUTE format('ALTER TABLE messages_other ADD CONSTRAINT made_otherwise CHECK (id < %L OR id >= %L)', first_id('\(between.first)'), first_id('\(between.end)'));
            EXECUTE format('ALTER TABLE messages ATTACH PARTITION messages_earlier FOR VALUES FROM (%L) TO (%L)', first_id('\(between.first)'), first_id_of(this));
            EXECUTE format('ALTER TABLE messages ATTACH PARTITION messages_later FOR VALUES FROM (%L) TO (%L)', first_id_of(this), first_id('\(between.end)'));
            PERFORM add_months();
            PERFORM set_config('pinyon.writer', '', true);
        END
        $months$;
        """

    private static let addMonth = """
        -- The one after the last.
        CREATE FUNCTION add_month() RETURNS date LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE
            coming date := coalesce((SELECT max(month) + interval '1 month' FROM message_months), this_month());
            name text := partition_of(coming);
            first uuid := first_id_of(coming);
            ending uuid := first_id_of((coming + interval '1 month')::date);
        BEGIN
            ALTER TABLE messages DETACH PARTITION messages_later;
            EXECUTE format('CREATE TABLE %I (LIKE messages INCLUDING ALL)', name);
            EXECUTE format('WITH moved AS (DELETE FROM messages_later WHERE id < %L RETURNING *) INSERT INTO %I SELECT * FROM moved', ending, name);
            EXECUTE format('ALTER TABLE messages ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, ending);
            EXECUTE format('ALTER TABLE messages ATTACH PARTITION messages_later FOR VALUES FROM (%L) TO (%L)', ending, first_id('\(between.end)'));
            INSERT INTO message_months (month) VALUES (coming);
            RETURN coming;
        END
        $$;
        -- Until there are enough ahead; how many were added.
        CREATE FUNCTION add_months() RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE
            wanted date := this_month() + interval '\(monthsAhead) months';
            added bigint := 0;
        BEGIN
            WHILE coalesce((SELECT max(month) FROM message_months), wanted - interval '\(monthsAhead + 1) months') < wanted LOOP
                PERFORM add_month();
                added := added + 1;
            END LOOP;
            RETURN added;
        END
        $$;
        """

    /// What goes is told as one change, with the end of the month in milliseconds as its version.
    private static let dropMonth = """
        -- The first of all, with its messages; how many these were. NULL where nothing but what is to come is left, or where it must be empty and is not.
        CREATE FUNCTION drop_month(only_empty boolean DEFAULT false) RETURNS bigint LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        DECLARE
            gone date := (SELECT min(month) FROM message_months HAVING min(month) < this_month());
            name text := partition_of(gone);
            first uuid := first_id_of(gone);
            ending uuid := first_id_of((gone + interval '1 month')::date);
            writer text := current_setting('pinyon.writer', true);
            dropped bigint;
        BEGIN
            IF gone IS NULL THEN
                RETURN NULL;
            END IF;
            -- As writers do, from the whole to its part.
            LOCK TABLE messages IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('SELECT count(*) FROM %I', name) INTO dropped;
            IF dropped > 0 AND only_empty THEN
                RETURN NULL;
            END IF;
            IF dropped > 0 THEN
                INSERT INTO changes (organization_id, kind, record_id, version, operation)
                VALUES ('\(Identifier.none)', \(Kind.message.rawValue), first, extract(epoch FROM (gone + interval '1 month') AT TIME ZONE 'UTC')::bigint * 1000, 3);
                EXECUTE format(
                    'INSERT INTO counted (organization_id, kind, rows, with_vectors, deleted)'
                    ' SELECT organization_id, \(Kind.message.rawValue), -count(*), -count(embedding_space_id), -count(deleted_at) FROM %I GROUP BY organization_id', name);
                EXECUTE format(
                    'DELETE FROM embedding_waits AS w USING %I AS m WHERE w.organization_id = m.organization_id AND w.kind = \(Kind.message.rawValue) AND w.record_id = m.id', name);
                PERFORM set_config('pinyon.writer', 'messages', true);
                EXECUTE format('\(leaveConversations)', name);
                PERFORM set_config('pinyon.writer', coalesce(writer, ''), true);
            END IF;
            ALTER TABLE messages DETACH PARTITION messages_earlier;
            EXECUTE format('DROP TABLE %I', name);
            EXECUTE format('ALTER TABLE messages ATTACH PARTITION messages_earlier FOR VALUES FROM (%L) TO (%L)', first_id('\(between.first)'), ending);
            DELETE FROM message_months WHERE month = gone;
            RETURN dropped;
        END
        $$;
        """

    /// As the trigger of the messages would have it, within a text that is itself quoted.
    private static let leaveConversations = """
        UPDATE conversations AS c SET message_count = c.message_count - d.messages, embedding_count = c.embedding_count - d.vectors,
            updated_at = greatest(c.updated_at, now()),
            embedding = sum_of(c.embedding, NULL, d.less, c.embedding_count - d.vectors),
            other_embedding = sum_of(c.other_embedding, NULL, d.less, c.embedding_count - d.vectors),
            embedding_space_id = CASE WHEN sum_of(coalesce(c.embedding, c.other_embedding), NULL, d.less, c.embedding_count - d.vectors) IS NOT NULL THEN c.embedding_space_id END
        FROM (
            SELECT organization_id, conversation_id, count(*) AS messages, count(embedding_space_id) AS vectors,
                sum(l2_normalize(coalesce(embedding, other_embedding))) AS less
            FROM %I WHERE deleted_at IS NULL GROUP BY organization_id, conversation_id
        ) AS d WHERE c.organization_id = d.organization_id AND c.id = d.conversation_id
        """
}
