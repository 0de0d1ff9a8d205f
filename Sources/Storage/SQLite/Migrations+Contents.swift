extension Migrations {
    static let memories = Migration(
        2, "memories",
        up: """
            CREATE TABLE embedding_spaces (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                provider TEXT NOT NULL,
                model TEXT NOT NULL,
                revision TEXT NOT NULL,
                dimension INTEGER NOT NULL CHECK (dimension BETWEEN 1 AND 16000),
                is_main INTEGER NOT NULL CHECK (is_main IN (0, 1)),
                created_at INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id)
            ) STRICT;
            CREATE UNIQUE INDEX idx_embedding_spaces_main ON embedding_spaces (organization_id) WHERE is_main = 1;
            CREATE TABLE agent_memories (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                agent_id BLOB NOT NULL,
                user_id BLOB CHECK (length(user_id) = 16),
                session_id BLOB CHECK (length(session_id) = 16),
                memory_type TEXT NOT NULL CHECK (memory_type IN ('conversation', 'fact', 'preference', 'task')),
                content TEXT NOT NULL,
                importance_score REAL NOT NULL DEFAULT 0.5 CHECK (importance_score BETWEEN 0 AND 1),
                access_count INTEGER NOT NULL DEFAULT 0 CHECK (access_count >= 0),
                last_accessed_at INTEGER,
                tags TEXT NOT NULL DEFAULT '[]',
                metadata TEXT NOT NULL DEFAULT '{}',
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                expires_at INTEGER,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id BLOB,
                embedding BLOB CHECK (length(embedding) >= 8),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((embedding IS NULL) = (embedding_space_id IS NULL))
            ) STRICT;
            CREATE INDEX idx_agent_memories_agent ON agent_memories (organization_id, agent_id, id);
            CREATE INDEX idx_agent_memories_session ON agent_memories (organization_id, session_id, id) WHERE session_id IS NOT NULL;
            CREATE INDEX idx_agent_memories_type ON agent_memories (organization_id, memory_type, id);
            """,
        down: """
            DROP TABLE agent_memories;
            DROP TABLE embedding_spaces;
            """)

    static let conversations = Migration(
        3, "conversations and terminology",
        up: """
            CREATE TABLE conversations (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                user_id BLOB NOT NULL,
                agent_id BLOB,
                agent_name TEXT,
                agent_type TEXT,
                title TEXT NOT NULL DEFAULT 'New Conversation',
                status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived', 'deleted')),
                mode TEXT NOT NULL DEFAULT 'single' CHECK (mode IN ('single', 'multi', 'collaborative')),
                participants TEXT,
                context TEXT,
                folder TEXT,
                tags TEXT,
                metadata TEXT,
                quality_threshold REAL NOT NULL DEFAULT 9 CHECK (quality_threshold BETWEEN 0 AND 10),
                max_n2_iterations INTEGER NOT NULL DEFAULT 4 CHECK (max_n2_iterations >= 0),
                workflow_id BLOB CHECK (length(workflow_id) = 16),
                message_count INTEGER NOT NULL DEFAULT 0 CHECK (message_count >= 0),
                last_activity_at INTEGER NOT NULL,
                ended_at INTEGER,
                title_embedding BLOB CHECK (length(title_embedding) >= 8),
                embedding_count INTEGER NOT NULL DEFAULT 0 CHECK (embedding_count >= 0),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                deleted_at INTEGER,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id BLOB,
                embedding BLOB CHECK (length(embedding) >= 8),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((embedding IS NULL) = (embedding_space_id IS NULL)),
                CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
            ) STRICT;
            CREATE INDEX idx_conversations_last_activity ON conversations (organization_id, last_activity_at, id);
            CREATE INDEX idx_conversations_user ON conversations (organization_id, user_id, last_activity_at, id);
            CREATE TABLE messages (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                conversation_id BLOB NOT NULL,
                user_id BLOB NOT NULL,
                agent_id BLOB,
                role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
                content TEXT NOT NULL,
                edited INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
                edited_at INTEGER,
                model_used TEXT,
                quality_score REAL CHECK (quality_score BETWEEN 0 AND 10),
                n2_iterations INTEGER CHECK (n2_iterations >= 0),
                tokens_used INTEGER CHECK (tokens_used >= 0),
                latency_ms INTEGER CHECK (latency_ms >= 0),
                cost REAL CHECK (cost >= 0),
                attachments TEXT,
                metadata TEXT,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                deleted_at INTEGER,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id BLOB,
                embedding BLOB CHECK (length(embedding) >= 8),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((embedding IS NULL) = (embedding_space_id IS NULL))
            ) STRICT;
            CREATE INDEX idx_messages_conversation ON messages (organization_id, conversation_id, created_at, id);
            CREATE INDEX idx_messages_created_at ON messages (organization_id, created_at, id);
            CREATE TABLE terminology_entries (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                user_id BLOB NOT NULL,
                term TEXT NOT NULL,
                definition TEXT NOT NULL,
                context TEXT,
                usage_examples TEXT,
                related_terms TEXT,
                frequency INTEGER NOT NULL DEFAULT 1 CHECK (frequency >= 1),
                last_used_at INTEGER NOT NULL,
                tags TEXT,
                is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id BLOB,
                embedding BLOB CHECK (length(embedding) >= 8),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((embedding IS NULL) = (embedding_space_id IS NULL))
            ) STRICT;
            CREATE INDEX idx_terminology_entries_term ON terminology_entries (organization_id, term, id);
            CREATE INDEX idx_terminology_entries_frequency ON terminology_entries (organization_id, frequency, id);
            CREATE INDEX idx_terminology_entries_last_used_at ON terminology_entries (organization_id, last_used_at, id);
            CREATE INDEX idx_terminology_entries_user ON terminology_entries (organization_id, user_id, id);
            CREATE TABLE learning_patterns (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                user_id BLOB NOT NULL,
                pattern_type TEXT NOT NULL,
                data TEXT NOT NULL,
                confidence REAL NOT NULL DEFAULT 0 CHECK (confidence BETWEEN 0 AND 1),
                occurrences INTEGER NOT NULL DEFAULT 1 CHECK (occurrences >= 1),
                last_seen_at INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
            ) STRICT;
            CREATE INDEX idx_learning_patterns_user ON learning_patterns (organization_id, user_id, id);
            CREATE INDEX idx_learning_patterns_confidence ON learning_patterns (organization_id, confidence, id);
            CREATE INDEX idx_learning_patterns_last_seen_at ON learning_patterns (organization_id, last_seen_at, id);
            """,
        down: """
            DROP TABLE learning_patterns;
            DROP TABLE terminology_entries;
            DROP TABLE messages;
            DROP TABLE conversations;
            """)
}
