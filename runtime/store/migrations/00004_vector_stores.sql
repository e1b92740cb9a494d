-- +goose Up
-- +goose StatementBegin

-- vector_store has the vector stores that a tenant made. What they are called is
-- sealed; which documents are in one stands with the documents.
create table bulkhead.vector_store (
    tenant_id  uuid        not null,
    store_id   uuid        not null,
    dek_id     uuid        not null,
    meta_ct    bytea       not null,
    created_at timestamptz not null,
    primary key (tenant_id, store_id)
);
alter table bulkhead.vector_store enable row level security;
alter table bulkhead.vector_store force row level security;
create policy tenant on bulkhead.vector_store
    using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
create trigger write_door before insert or update or delete or truncate
    on bulkhead.vector_store for each statement execute function bulkhead.require_door();
grant select, insert, update, delete on bulkhead.vector_store to bulkhead_rw;

-- +goose StatementEnd
