-- +goose Up
-- +goose StatementBegin

-- Whose a key is, what for, and once more all that the columns say, is sealed: who
-- writes into the database makes nobody an administrator. A key never changes.
alter table bulkhead.api_key
    add column dek_id     uuid        not null,
    add column meta_ct    bytea       not null,
    add column created_at timestamptz not null;
grant insert, delete on bulkhead.api_key to bulkhead_rw;

-- history has what users asked. It is appended to with the event of the access, by who
-- appends that, and fenced no more than that; only who it is about erases it.
create table bulkhead.history (
    tenant_id uuid  not null,
    id        uuid  not null,
    user_mac  bytea not null,
    dek_id    uuid  not null,
    ct        bytea not null,
    primary key (tenant_id, id)
);
create index history_user on bulkhead.history (tenant_id, user_mac, id);
alter table bulkhead.history enable row level security;
alter table bulkhead.history force row level security;
create policy tenant on bulkhead.history
    using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
create trigger write_door before update or delete or truncate
    on bulkhead.history for each statement execute function bulkhead.require_door();
grant insert on bulkhead.history to bulkhead_lane;
grant select, delete on bulkhead.history to bulkhead_rw;

-- +goose StatementEnd
