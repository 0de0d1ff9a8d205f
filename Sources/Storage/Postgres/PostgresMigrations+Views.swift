/// What reports and backups read.
extension PostgresMigrations {
    static func views(_ names: PostgresNames) -> PostgresMigration {
        PostgresMigration(
            6, "views",
            up: """
                -- Each is read with the rights of whoever reads it, and shows what the policies show him.
                CREATE VIEW conversation_stats WITH (security_invoker = true) AS
                SELECT c.organization_id, c.id, c.user_id, c.title, c.message_count, c.last_activity_at, coalesce(m.messages, 0) AS actual_message_count,
                    m.avg_quality_score, m.total_tokens, m.avg_latency_ms, m.max_n2_iterations
                FROM conversations AS c
                LEFT JOIN LATERAL (
                    SELECT count(*) AS messages, avg(quality_score) FILTER (WHERE role = 'assistant') AS avg_quality_score,
                        sum(tokens_used) FILTER (WHERE role = 'assistant') AS total_tokens, avg(latency_ms) FILTER (WHERE role = 'assistant') AS avg_latency_ms,
                        max(n2_iterations) FILTER (WHERE role = 'assistant') AS max_n2_iterations
                    FROM messages WHERE organization_id = c.organization_id AND conversation_id = c.id AND deleted_at IS NULL
                ) AS m ON true
                WHERE c.deleted_at IS NULL;
                -- Sums are made before they are joined, so that nothing is counted twice.
                CREATE VIEW organization_usage WITH (security_invoker = true) AS
                SELECT o.id AS organization_id, o.name AS organization_name, u.users AS user_count, c.conversations AS conversation_count,
                    c.messages AS total_messages, m.tokens AS total_tokens, m.cost AS total_cost, m.quality AS avg_quality_score
                FROM organizations AS o
                LEFT JOIN LATERAL (SELECT count(*) AS users FROM users WHERE organization_id = o.id AND deleted_at IS NULL) AS u ON true
                LEFT JOIN LATERAL (
                    SELECT count(*) AS conversations, coalesce(sum(message_count), 0) AS messages FROM conversations
                    WHERE organization_id = o.id AND deleted_at IS NULL
                ) AS c ON true
                LEFT JOIN LATERAL (
                    SELECT sum(tokens_used) AS tokens, sum(cost) AS cost, avg(quality_score) FILTER (WHERE role = 'assistant') AS quality FROM messages
                    WHERE organization_id = o.id AND deleted_at IS NULL
                ) AS m ON true;
                GRANT SELECT ON conversation_stats, organization_usage TO \(names.service), \(names.feed);
                DO $backup$
                BEGIN
                    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(names.backup)') THEN
                        BEGIN
                            CREATE ROLE \(names.backup) NOLOGIN BYPASSRLS;
                        EXCEPTION
                            WHEN duplicate_object OR unique_violation THEN NULL;
                            -- Who does not bypass policies himself may make nobody who does: a superuser makes it, and runs the grants below.
                            WHEN insufficient_privilege THEN RETURN;
                        END;
                    END IF;
                    GRANT USAGE ON SCHEMA \(names.quoted) TO \(names.backup);
                    GRANT SELECT ON ALL TABLES IN SCHEMA \(names.quoted) TO \(names.backup);
                    GRANT SELECT ON ALL SEQUENCES IN SCHEMA \(names.quoted) TO \(names.backup);
                END
                $backup$;
                """,
            down: """
                DROP VIEW organization_usage, conversation_stats;
                DO $backup$
                BEGIN
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(names.backup)') THEN
                        REVOKE ALL ON ALL TABLES IN SCHEMA \(names.quoted) FROM \(names.backup);
                        REVOKE ALL ON ALL SEQUENCES IN SCHEMA \(names.quoted) FROM \(names.backup);
                        REVOKE ALL ON SCHEMA \(names.quoted) FROM \(names.backup);
                    END IF;
                END
                $backup$;
                """)
    }
}
