-- +goose Up
-- +goose StatementBegin

-- user_key has the keys that a tenant made. Whose a key is, what for, and once more all
-- that the columns say, is sealed: who writes into the database makes nobody an
-- administrator. A key never changes. The table api_key, which nothing ever used, stays
-- as it is: the version before proves its grants when it starts.
create table bulkhead.user_key (
    tenant_id  uuid        not null,
    key_id     text        not null,
    hash       bytea       not null,
    scopes     text[]      not null,
    user_mac   bytea,
    expires_at timestamptz,
    dek_id     uuid        not null,
    meta_ct    bytea       not null,
    created_at timestamptz not null,
    primary key (tenant_id, key_id)
);
alter table bulkhead.user_key enable row level security;
alter table bulkhead.user_key force row level security;
create policy tenant on bulkhead.user_key
    using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
create trigger write_door before insert or update or delete or truncate
    on bulkhead.user_key for each statement execute function bulkhead.require_door();
grant select, insert, delete on bulkhead.user_key to bulkhead_rw;

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
