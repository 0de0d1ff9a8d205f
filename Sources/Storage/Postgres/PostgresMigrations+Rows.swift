/// A row that plain SQL writes, before it is written.
extension PostgresMigrations {
    static let keepIdentity = """
        CREATE FUNCTION keep_identity() RETURNS trigger \(triggerFunction) $$
        BEGIN
            RAISE EXCEPTION 'a row keeps its identifier and its organization' USING ERRCODE = 'integrity_constraint_violation',
                HINT = 'Insert a new row, and delete the old one.';
        END
        $$;
        """

    static let completeVector = """
        CREATE FUNCTION complete_vector(organization uuid, given vector, space uuid) RETURNS uuid \(triggerFunction) $$
        DECLARE
            wanted bigint;
        BEGIN
            IF given IS NULL THEN
                RETURN NULL;
            END IF;
            IF space IS NULL THEN
                SELECT id, dimension INTO space, wanted FROM embedding_spaces WHERE organization_id = organization AND is_main;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'organization % has no embedding space yet', organization
                        USING ERRCODE = 'integrity_constraint_violation', HINT = 'It gets one with the first vector that comes through the server.';
                END IF;
            ELSE
                SELECT dimension INTO wanted FROM embedding_spaces WHERE organization_id = organization AND id = space;
            END IF;
            IF wanted <> vector_dims(given) THEN
                RAISE EXCEPTION 'a vector of % dimensions in a space of %', vector_dims(given), wanted USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF vector_norm(given) = 0 THEN
                RAISE EXCEPTION 'a vector without direction' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN space;
        END
        $$;
        -- What is new of the two, or else what is there.
        CREATE FUNCTION given_vector(new_main vector, new_other vector, old_main vector, old_other vector) RETURNS vector IMMUTABLE LANGUAGE sql AS $$
            SELECT coalesce(
                CASE WHEN new_main IS DISTINCT FROM old_main THEN new_main END, CASE WHEN new_other IS DISTINCT FROM old_other THEN new_other END, new_main, new_other)
        $$;
        CREATE FUNCTION is_main(space uuid) RETURNS boolean STABLE \(triggerFunction) $$
        BEGIN
            RETURN EXISTS (SELECT 1 FROM main_space WHERE space_id = space);
        END
        $$;
        """

    /// With an argument the table has vectors: of a term and its definition, or of a content.
    static let completeRow = """
        CREATE FUNCTION complete_row() RETURNS trigger \(triggerFunction) $$
        DECLARE
            given vector;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                NEW.version := greatest(NEW.version, OLD.version + 1);
                IF NEW.updated_at = OLD.updated_at THEN
                    NEW.updated_at := greatest(OLD.updated_at, now());
                END IF;
            END IF;
            IF TG_NARGS = 0 THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'INSERT' THEN
                given := coalesce(NEW.embedding, NEW.other_embedding);
            ELSE
                given := given_vector(NEW.embedding, NEW.other_embedding, OLD.embedding, OLD.other_embedding);
                IF given IS NOT DISTINCT FROM coalesce(OLD.embedding, OLD.other_embedding) AND NEW.embedding_space_id IS NOT DISTINCT FROM OLD.embedding_space_id THEN
                    -- A vector goes with the text that it was of.
                    IF TG_ARGV[0] = 'term' THEN
                        IF NEW.term = OLD.term AND NEW.definition = OLD.definition THEN
                            RETURN NEW;
                        END IF;
                    ELSIF NEW.content = OLD.content THEN
                        RETURN NEW;
                    END IF;
                    given := NULL;
                ELSIF NEW.embedding_space_id IS NOT DISTINCT FROM OLD.embedding_space_id THEN
                    NEW.embedding_space_id := NULL;
                END IF;
            END IF;
            NEW.embedding_space_id := complete_vector(NEW.organization_id, given, NEW.embedding_space_id);
            IF is_main(NEW.embedding_space_id) THEN
                NEW.embedding := given;
                NEW.other_embedding := NULL;
            ELSE
                NEW.embedding := NULL;
                NEW.other_embedding := given;
            END IF;
            RETURN NEW;
        END
        $$;
        """

    /// The vector of a title is a part of the conversation's, which is the sum of unit vectors.
    static let completeConversation = """
        CREATE FUNCTION complete_conversation() RETURNS trigger \(triggerFunction) $$
        DECLARE
            title vector;
            title_before vector;
            sum vector;
        BEGIN
            -- What follows from messages is complete.
            IF current_setting('pinyon.writer', true) = 'messages' THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'INSERT' THEN
                IF NEW.deleted_at IS NOT NULL THEN
                    NEW.status := 'deleted';
                ELSIF NEW.status = 'deleted' THEN
                    NEW.deleted_at := now();
                END IF;
                NEW.message_count := 0;
                title := coalesce(NEW.title_embedding, NEW.other_title_embedding);
                sum := l2_normalize(title);
                NEW.embedding_count := CASE WHEN title IS NULL THEN 0 ELSE 1 END;
                NEW.embedding_space_id := complete_vector(NEW.organization_id, title, NEW.embedding_space_id);
            ELSE
                NEW.version := greatest(NEW.version, OLD.version + 1);
                NEW.message_count := OLD.message_count;
                IF NEW.updated_at = OLD.updated_at THEN
                    NEW.updated_at := greatest(OLD.updated_at, now());
                END IF;
                IF NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
                    NEW.status := CASE WHEN NEW.deleted_at IS NOT NULL THEN 'deleted' WHEN NEW.status = 'deleted' THEN 'active' ELSE NEW.status END;
                ELSIF NEW.status IS DISTINCT FROM OLD.status THEN
                    NEW.deleted_at := CASE WHEN NEW.status = 'deleted' THEN now() END;
                END IF;
                title := given_vector(NEW.title_embedding, NEW.other_title_embedding, OLD.title_embedding, OLD.other_title_embedding);
                title_before := coalesce(OLD.title_embedding, OLD.other_title_embedding);
                IF NEW.title IS DISTINCT FROM OLD.title AND title IS NOT DISTINCT FROM title_before THEN
                    title := NULL;
                END IF;
                sum := coalesce(OLD.embedding, OLD.other_embedding);
                NEW.embedding_count := OLD.embedding_count;
                IF title IS DISTINCT FROM title_before THEN
                    PERFORM complete_vector(NEW.organization_id, title, NULL);
                    NEW.embedding_count := OLD.embedding_count + (CASE WHEN title IS NULL THEN 0 ELSE 1 END) - (CASE WHEN title_before IS NULL THEN 0 ELSE 1 END);
                    sum := sum_of(sum, l2_normalize(title), l2_normalize(title_before), NEW.embedding_count);
                END IF;
                NEW.embedding_space_id := CASE WHEN sum IS NOT NULL THEN coalesce(OLD.embedding_space_id, complete_vector(NEW.organization_id, sum, NULL)) END;
            END IF;
            IF is_main(NEW.embedding_space_id) THEN
                NEW.embedding := sum;
                NEW.other_embedding := NULL;
                NEW.title_embedding := title;
                NEW.other_title_embedding := NULL;
            ELSE
                NEW.embedding := NULL;
                NEW.other_embedding := sum;
                NEW.title_embedding := NULL;
                NEW.other_title_embedding := title;
            END IF;
            RETURN NEW;
        END
        $$;
        CREATE FUNCTION sum_of(known vector, more vector, less vector, count bigint) RETURNS vector IMMUTABLE \(triggerFunction) $$
        DECLARE
            sum vector := known;
        BEGIN
            IF count <= 0 THEN
                RETURN NULL;
            END IF;
            IF more IS NOT NULL THEN
                sum := CASE WHEN sum IS NULL THEN more ELSE sum + more END;
            END IF;
            IF less IS NOT NULL AND sum IS NOT NULL THEN
                sum := sum - less;
            END IF;
            RETURN CASE WHEN vector_norm(sum) = 0 THEN NULL ELSE sum END;
        END
        $$;
        """

    /// When it is forgotten and by what the same text is found again follow from rules that the server has: the sweep looks at what is due, and puts both right.
    static let dateMemory = """
        CREATE FUNCTION date_memory() RETURNS trigger \(triggerFunction) $$
        BEGIN
            IF TG_OP = 'INSERT' OR NEW.content IS DISTINCT FROM OLD.content THEN
                NEW.content_hash := NULL;
            END IF;
            NEW.forget_at := 'epoch';
            IF TG_OP = 'UPDATE' AND NEW.valid_to IS DISTINCT FROM OLD.valid_to AND NEW.closed_at IS NOT DISTINCT FROM OLD.closed_at THEN
                NEW.closed_at := CASE WHEN NEW.valid_to IS NOT NULL THEN now() END;
            END IF;
            RETURN NEW;
        END
        $$;
        """
}
