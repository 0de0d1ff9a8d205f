extension PostgresMigrations {
    /// The columns `embedding` hold vectors of one space, the database's main one, which is the first that any organization has; of another they lie beside them.
    static let contents = PostgresMigration(
        2, "records",
        up: """
            CREATE TABLE agent_memories (
                organization_id uuid NOT NULL,
                id uuid NOT NULL DEFAULT new_id(),
                agent_id uuid NOT NULL,
                user_id uuid,
                session_id uuid,
                memory_type text NOT NULL DEFAULT 'fact' CHECK (memory_type IN ('conversation', 'fact', 'preference', 'task')),
                content text NOT NULL,
                importance_score double precision NOT NULL DEFAULT 0.5 CHECK (importance_score BETWEEN 0 AND 1),
                access_count bigint NOT NULL DEFAULT 0 CHECK (access_count >= 0),
                last_accessed_at timestamptz,
                tags text[] NOT NULL DEFAULT '{}',
                metadata jsonb NOT NULL DEFAULT '{}',
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                expires_at timestamptz,
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id uuid,
                embedding vector,
                other_embedding vector,
                is_pinned boolean NOT NULL DEFAULT false,
                valid_from timestamptz,
                valid_to timestamptz CHECK (valid_to > valid_from),
                closed_at timestamptz,
                superseded_by uuid,
                source_message_id uuid,
                forget_at timestamptz,
                deleted_at timestamptz,
                content_hash bigint,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((coalesce(embedding, other_embedding) IS NULL) = (embedding_space_id IS NULL)),
                CHECK (embedding IS NULL OR other_embedding IS NULL)
            );
            CREATE INDEX idx_agent_memories_content ON agent_memories (organization_id, content_hash, agent_id);
            CREATE INDEX idx_agent_memories_forget_at ON agent_memories (organization_id, forget_at) WHERE forget_at IS NOT NULL AND deleted_at IS NULL;
            CREATE INDEX idx_agent_memories_expires_at ON agent_memories (organization_id, expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
            CREATE INDEX idx_agent_memories_deleted_at ON agent_memories (organization_id, deleted_at) WHERE deleted_at IS NOT NULL;
            CREATE INDEX idx_agent_memories_superseded_by ON agent_memories (organization_id, superseded_by) WHERE superseded_by IS NOT NULL;
            CREATE INDEX idx_agent_memories_source ON agent_memories (organization_id, source_message_id) WHERE source_message_id IS NOT NULL;
            CREATE INDEX idx_agent_memories_agent ON agent_memories (organization_id, agent_id, id);
            CREATE INDEX idx_agent_memories_session ON agent_memories (organization_id, session_id, id) WHERE session_id IS NOT NULL;
            CREATE INDEX idx_agent_memories_type ON agent_memories (organization_id, memory_type, id);
            CREATE INDEX idx_agent_memories_tags ON agent_memories USING gin (tags);
            CREATE INDEX idx_agent_memories_metadata ON agent_memories USING gin (metadata jsonb_path_ops);
            CREATE TABLE conversations (
                organization_id uuid NOT NULL,
                id uuid NOT NULL DEFAULT new_id(),
                user_id uuid NOT NULL,
                agent_id uuid,
                agent_name text,
                agent_type text,
                title text NOT NULL DEFAULT 'New Conversation',
                status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived', 'deleted')),
                mode text NOT NULL DEFAULT 'single' CHECK (mode IN ('single', 'multi', 'collaborative')),
                participants text[],
                context jsonb,
                folder text,
                tags text[],
                metadata jsonb,
                quality_threshold double precision NOT NULL DEFAULT 9 CHECK (quality_threshold BETWEEN 0 AND 10),
                max_n2_iterations bigint NOT NULL DEFAULT 4 CHECK (max_n2_iterations >= 0),
                workflow_id uuid,
                message_count bigint NOT NULL DEFAULT 0 CHECK (message_count >= 0),
                last_activity_at timestamptz NOT NULL DEFAULT now(),
                ended_at timestamptz,
                title_embedding vector,
                other_title_embedding vector,
                embedding_count bigint NOT NULL DEFAULT 0 CHECK (embedding_count >= 0),
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                deleted_at timestamptz,
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id uuid,
                embedding vector,
                other_embedding vector,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((coalesce(embedding, other_embedding) IS NULL) = (embedding_space_id IS NULL)),
                CHECK (embedding IS NULL OR other_embedding IS NULL),
                CHECK (title_embedding IS NULL OR other_title_embedding IS NULL),
                CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
            );
            CREATE INDEX idx_conversations_last_activity ON conversations (organization_id, last_activity_at, id);
            CREATE INDEX idx_conversations_user ON conversations (organization_id, user_id, last_activity_at, id);
            CREATE INDEX idx_conversations_tags ON conversations USING gin (tags);
            CREATE TABLE messages (
                organization_id uuid NOT NULL,
                id uuid NOT NULL DEFAULT new_id(),
                conversation_id uuid NOT NULL,
                user_id uuid NOT NULL,
                agent_id uuid,
                role text NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
                content text NOT NULL,
                edited boolean NOT NULL DEFAULT false,
                edited_at timestamptz,
                model_used text,
                quality_score double precision CHECK (quality_score BETWEEN 0 AND 10),
                n2_iterations bigint CHECK (n2_iterations >= 0),
                tokens_used bigint CHECK (tokens_used >= 0),
                latency_ms bigint CHECK (latency_ms >= 0),
                cost double precision CHECK (cost >= 0),
                attachments jsonb,
                metadata jsonb,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                deleted_at timestamptz,
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id uuid,
                embedding vector,
                other_embedding vector,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((coalesce(embedding, other_embedding) IS NULL) = (embedding_space_id IS NULL)),
                CHECK (embedding IS NULL OR other_embedding IS NULL)
            ) PARTITION BY RANGE (id);
            CREATE TABLE messages_other PARTITION OF messages DEFAULT;
            CREATE INDEX idx_messages_conversation ON messages (organization_id, conversation_id, created_at, id);
            CREATE INDEX idx_messages_created_at ON messages (organization_id, created_at, id);
            CREATE TABLE terminology_entries (
                organization_id uuid NOT NULL,
                id uuid NOT NULL DEFAULT new_id(),
                user_id uuid NOT NULL,
                term text COLLATE "C" NOT NULL,
                definition text NOT NULL,
                context text,
                usage_examples text[],
                related_terms text[],
                frequency bigint NOT NULL DEFAULT 1 CHECK (frequency >= 1),
                last_used_at timestamptz NOT NULL DEFAULT now(),
                tags text[],
                is_public boolean NOT NULL DEFAULT false,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id uuid,
                embedding vector,
                other_embedding vector,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((coalesce(embedding, other_embedding) IS NULL) = (embedding_space_id IS NULL)),
                CHECK (embedding IS NULL OR other_embedding IS NULL)
            );
            CREATE INDEX idx_terminology_entries_term ON terminology_entries (organization_id, term, id);
            CREATE INDEX idx_terminology_entries_frequency ON terminology_entries (organization_id, frequency, id);
            CREATE INDEX idx_terminology_entries_last_used_at ON terminology_entries (organization_id, last_used_at, id);
            CREATE INDEX idx_terminology_entries_user ON terminology_entries (organization_id, user_id, id);
            CREATE TABLE learning_patterns (
                organization_id uuid NOT NULL,
                id uuid NOT NULL DEFAULT new_id(),
                user_id uuid NOT NULL,
                pattern_type text NOT NULL,
                data jsonb NOT NULL,
                confidence double precision NOT NULL DEFAULT 0 CHECK (confidence BETWEEN 0 AND 1),
                occurrences bigint NOT NULL DEFAULT 1 CHECK (occurrences >= 1),
                last_seen_at timestamptz NOT NULL DEFAULT now(),
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
            );
            CREATE INDEX idx_learning_patterns_user ON learning_patterns (organization_id, user_id, id);
            CREATE INDEX idx_learning_patterns_confidence ON learning_patterns (organization_id, confidence, id);
            CREATE INDEX idx_learning_patterns_last_seen_at ON learning_patterns (organization_id, last_seen_at, id);
            CREATE TABLE main_space (
                is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                space_id uuid NOT NULL,
                dimension bigint NOT NULL
            );
            CREATE FUNCTION lay_space(space uuid, dimension bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            BEGIN
                IF EXISTS (SELECT 1 FROM main_space) THEN
                    RETURN;
                END IF;
                -- The service lays what an organization of its own has, and nothing else.
                IF (current_setting('role') <> 'none' OR NOT pg_has_role(session_user, current_user, 'USAGE')) AND NOT EXISTS (
                    SELECT 1 FROM embedding_spaces AS s WHERE s.id = lay_space.space AND s.dimension = lay_space.dimension AND s.is_main
                        AND s.organization_id = nullif(current_setting('pinyon.organization', true), '')::uuid) THEN
                    RAISE EXCEPTION 'no organization of this transaction has that space' USING ERRCODE = 'insufficient_privilege';
                END IF;
                -- Of two that come first at once one waits.
                LOCK TABLE main_space IN SHARE ROW EXCLUSIVE MODE;
                IF EXISTS (SELECT 1 FROM main_space) THEN
                    RETURN;
                END IF;
                INSERT INTO main_space (space_id, dimension) VALUES (space, dimension);
                EXECUTE format('ALTER TABLE agent_memories ALTER COLUMN embedding TYPE vector(%s)', dimension);
                EXECUTE format('ALTER TABLE conversations ALTER COLUMN embedding TYPE vector(%s), ALTER COLUMN title_embedding TYPE vector(%s)', dimension, dimension);
                EXECUTE format('ALTER TABLE messages ALTER COLUMN embedding TYPE vector(%s)', dimension);
                EXECUTE format('ALTER TABLE terminology_entries ALTER COLUMN embedding TYPE vector(%s)', dimension);
            END
            $$;
            REVOKE ALL ON FUNCTION lay_space FROM PUBLIC;
            """,
        down: """
            DROP FUNCTION lay_space;
            DROP TABLE main_space, learning_patterns, terminology_entries, messages, conversations, agent_memories;
            """)
}
