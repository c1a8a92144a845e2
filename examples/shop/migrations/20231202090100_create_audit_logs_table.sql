-- /// migration
-- description = "Create audit_logs for changes that somebody may ask about later"
-- author = "shop-team@example.com"
-- estimated_duration = "1 second"
-- risk_level = "low"
-- reversible = true
-- requires_downtime = false
-- affected_tables = ["audit_logs"]
-- dependencies = []
-- tags = ["schema", "new-table", "audit"]
-- ///

-- migrate:up
CREATE TABLE audit_logs (
    id         BIGINT GENERATED ALWAYS AS IDENTITY,
    table_name VARCHAR(100) NOT NULL,
    record_id  BIGINT NOT NULL,
    action     VARCHAR(10) NOT NULL,
    changes    JSONB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    CONSTRAINT pk_audit_logs_id PRIMARY KEY (id),
    CONSTRAINT chk_audit_logs_action_valid CHECK (action IN ('insert', 'update', 'delete'))
);

CREATE INDEX idx_audit_logs_table_name_record_id ON audit_logs (table_name, record_id);

-- migrate:down
DROP TABLE audit_logs;
