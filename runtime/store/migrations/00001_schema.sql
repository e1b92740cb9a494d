-- +goose Up
-- +goose StatementBegin

-- Every table's key begins with tenant_id: unique and foreign keys bypass
-- row-level security, so a key without the tenant would tell tenants of each
-- other. Plaintext here is random ids, states, sizes, times and codes only.

-- fence says whether a tenant may be written in this database. It is never
-- published, nothing references it, and the app can not change it.
create table bulkhead.fence (
    tenant_id   uuid   primary key,
    state       text   not null default 'open' check (state in ('open', 'fenced', 'closed')),
    incarnation bigint not null
);

-- tenant_head is the row every change of a tenant locks: it orders changes.
create table bulkhead.tenant_head (
    tenant_id  uuid   primary key,
    generation bigint not null default 0,
    auth_gen   bigint not null default 0,
    docs       bigint not null default 0 check (docs >= 0),
    bytes      bigint not null default 0 check (bytes >= 0),
    lane0_seq  bigint not null default 0,
    lane0_hash bytea  not null
);

create table bulkhead.dek (
    tenant_id uuid   not null,
    dek_id    uuid   not null,
    purpose   text   not null check (purpose in ('data', 'mac')),
    epoch     bigint not null,
    kek_ref   text   not null,
    wrapped   text   not null,
    state     text   not null default 'current' check (state in ('current', 'old')),
    primary key (tenant_id, dek_id),
    unique (tenant_id, purpose, epoch)
);

-- A deleted document stays as a tombstone without name or content, so that
-- replicas learn of the deletion from the generation alone.
create table bulkhead.document (
    tenant_id   uuid        not null,
    doc_id      uuid        not null,
    ext_mac     bytea,
    content_mac bytea,
    state       text        not null check (state in ('live', 'deleted')),
    bytes       bigint      not null,
    generation  bigint      not null,
    src_id      uuid,
    lex_id      uuid,
    dek_id      uuid,
    meta_ct     bytea,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, doc_id),
    unique (tenant_id, ext_mac),
    check ((state = 'live') = (ext_mac is not null and content_mac is not null and src_id is not null
                               and lex_id is not null and dek_id is not null and meta_ct is not null))
);
create index document_generation on bulkhead.document (tenant_id, generation);

-- blob holds sealed objects: block 0 is the header, sealed blocks follow.
create table bulkhead.blob (
    tenant_id uuid    not null,
    object_id uuid    not null,
    block_no  integer not null,
    kind      text    not null check (kind in ('lex', 'vec', 'text', 'src')),
    ct        bytea   not null,
    primary key (tenant_id, object_id, block_no)
);
alter table bulkhead.blob alter column ct set storage external;

-- api_key holds the keys that tenants make themselves.
create table bulkhead.api_key (
    tenant_id  uuid  not null,
    key_id     text  not null,
    hash       bytea not null,
    scopes     text[] not null,
    user_mac   bytea,
    expires_at timestamptz,
    primary key (tenant_id, key_id)
);

-- audit_event holds chains per (tenant, lane). Lane 0 has the changes; every
-- runtime process has a lane of its own for what was read.
create table bulkhead.audit_event (
    tenant_id   uuid        not null,
    lane        bigint      not null,
    seq         bigint      not null,
    at          timestamptz not null,
    kind        text        not null,
    dek_id      uuid        not null,
    envelope_ct bytea       not null,
    commitment  bytea       not null,
    prev        bytea       not null,
    hash        bytea       not null,
    primary key (tenant_id, lane, seq)
);

-- lock_key is the advisory lock that a tenant's writers share.
create function bulkhead.lock_key(p_tenant uuid) returns bigint
    language sql immutable set search_path = pg_catalog, pg_temp
    return hashtextextended(p_tenant::text, 0);

-- provision_tenant makes the fence row of a new tenant and never changes an
-- existing one. It runs as the owner, whom FORCE subjects to the policy too.
create function bulkhead.provision_tenant(p_tenant uuid, p_incarnation bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform set_config('app.current_tenant', p_tenant::text, true);
    insert into bulkhead.fence (tenant_id, incarnation) values (p_tenant, p_incarnation)
        on conflict (tenant_id) do nothing;
end
$$;

-- open_write is how a write transaction begins. The fence is read in a later
-- statement than the lock, hence in a later snapshot: who waited for the lock
-- sees what its holder committed.
create function bulkhead.open_write(p_tenant uuid) returns void
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    v_state text;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a write transaction must be READ COMMITTED' using errcode = 'TB002';
    end if;
    perform set_config('app.current_tenant', p_tenant::text, true);
    perform pg_advisory_xact_lock_shared(bulkhead.lock_key(p_tenant));
    select state into v_state from bulkhead.fence where tenant_id = p_tenant;
    if v_state is null then
        raise exception 'the tenant is not provisioned' using errcode = 'TB003';
    elsif v_state <> 'open' then
        raise exception 'the tenant is fenced' using errcode = 'TB001';
    end if;
    perform set_config('app.write_door', pg_current_xact_id()::text || ':' || p_tenant::text, true);
end
$$;

-- require_door refuses a write whose transaction did not open_write the
-- tenant it now works for.
create function bulkhead.require_door() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if current_setting('app.write_door', true) is distinct from
       pg_current_xact_id()::text || ':' || current_setting('app.current_tenant', true) then
        raise exception 'write outside of open_write' using errcode = 'TB002';
    end if;
    return null;
end
$$;

create function bulkhead.refuse_change() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'audit events are append-only' using errcode = 'TB002';
end
$$;

revoke all on function bulkhead.lock_key(uuid), bulkhead.provision_tenant(uuid, bigint),
    bulkhead.open_write(uuid), bulkhead.require_door(), bulkhead.refuse_change() from public;
grant execute on function bulkhead.lock_key(uuid), bulkhead.provision_tenant(uuid, bigint),
    bulkhead.open_write(uuid) to bulkhead_rw;

do $$
declare
    t text;
begin
    foreach t in array array['fence', 'tenant_head', 'dek', 'document', 'blob', 'api_key', 'audit_event'] loop
        execute format('alter table bulkhead.%I enable row level security', t);
        execute format('alter table bulkhead.%I force row level security', t);
    end loop;
    foreach t in array array['fence', 'tenant_head', 'dek', 'document', 'blob', 'api_key'] loop
        execute format($p$create policy tenant on bulkhead.%I
            using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
            with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)$p$, t);
    end loop;
    foreach t in array array['tenant_head', 'dek', 'document', 'blob', 'api_key'] loop
        execute format('create trigger write_door before insert or update or delete or truncate
            on bulkhead.%I for each statement execute function bulkhead.require_door()', t);
    end loop;
end
$$;

-- Who changes may not append to the lanes of who reads, nor the reverse.
create policy tenant on bulkhead.audit_event for select
    using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid);
create policy append_changes on bulkhead.audit_event for insert to bulkhead_rw
    with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid and lane = 0);
create policy append_reads on bulkhead.audit_event for insert to bulkhead_lane
    with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid and lane <> 0);
create trigger append_only before update or delete or truncate
    on bulkhead.audit_event for each statement execute function bulkhead.refuse_change();

grant select on bulkhead.fence to bulkhead_rw;
grant select, insert, update on bulkhead.tenant_head to bulkhead_rw;
grant select, insert on bulkhead.dek to bulkhead_rw;
grant select, insert, update on bulkhead.document to bulkhead_rw;
grant select, insert, delete on bulkhead.blob to bulkhead_rw;
grant select on bulkhead.api_key to bulkhead_rw;
grant insert on bulkhead.audit_event to bulkhead_rw;

grant select (tenant_id, incarnation) on bulkhead.fence to bulkhead_lane;
grant select (tenant_id, generation, auth_gen) on bulkhead.tenant_head to bulkhead_lane;
grant select, insert on bulkhead.audit_event to bulkhead_lane;

-- +goose StatementEnd
