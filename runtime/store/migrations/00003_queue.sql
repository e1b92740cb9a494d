-- +goose Up
-- +goose StatementBegin

-- job is the queue of work that outlives a process. A job is due at run_at; who
-- claims it moves that to the end of the lease, so that the job is due again when
-- nobody renews it. lease is new with every claim: who has an older one lost the job.
-- A job that has ended in failure stays, with a code that says why.
create table bulkhead.job (
    tenant_id uuid        not null,
    job_id    uuid        not null,
    kind      text        not null check (kind in ('ingest')),
    ref       uuid        not null,
    run_at    timestamptz not null default now(),
    lease     uuid,
    attempts  integer     not null default 0,
    code      text        check (code ~ '^[a-z0-9_]{1,40}$'),
    primary key (tenant_id, job_id),
    check (code is null or lease is null)
);
create index job_due on bulkhead.job (tenant_id, run_at, job_id) where code is null;

-- upload is a file that waits to become a document, or could not: the newest one of
-- its name. Its job has the same id; its sealed file is gone when it has failed.
create table bulkhead.upload (
    tenant_id  uuid        not null,
    upload_id  uuid        not null,
    doc_id     uuid        not null,
    ext_mac    bytea       not null,
    sent_mac   bytea       not null,
    bytes      bigint      not null,
    src_id     uuid,
    dek_id     uuid        not null,
    meta_ct    bytea       not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, upload_id),
    unique (tenant_id, ext_mac)
);
create index upload_document on bulkhead.upload (tenant_id, doc_id);

do $$
declare
    t text;
begin
    foreach t in array array['job', 'upload'] loop
        execute format('alter table bulkhead.%I enable row level security', t);
        execute format('alter table bulkhead.%I force row level security', t);
        execute format($p$create policy tenant on bulkhead.%I
            using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
            with check (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)$p$, t);
        execute format('grant select, insert, update, delete on bulkhead.%I to bulkhead_rw', t);
    end loop;
end
$$;

create trigger write_door before insert or update or delete or truncate on bulkhead.job
    for each statement execute function bulkhead.require_door();
create trigger write_door before insert or update or delete or truncate on bulkhead.upload
    for each statement execute function bulkhead.require_door();

-- claim_jobs leases jobs that are due: of each tenant one at most, in the order of the
-- tenants' ids from the one after the given id on, and around. Only its owner sees
-- which tenants have jobs; it gives out ids, and the work runs under the tenant.
create policy queue on bulkhead.job for select to bulkhead_owner using (true);

create function bulkhead.claim_jobs(p_after uuid, p_most integer, p_lease interval) returns setof bulkhead.job
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_tenant  uuid := p_after;
    v_wrapped boolean := false;
    v_left    integer := p_most;
    v_state   text;
begin
    while v_left > 0 loop
        select j.tenant_id into v_tenant from bulkhead.job j
            where j.code is null and j.tenant_id > v_tenant order by j.tenant_id limit 1;
        if not found then
            exit when v_wrapped;
            v_wrapped := true;
            v_tenant := '00000000-0000-0000-0000-000000000000';
            continue;
        end if;
        exit when v_wrapped and v_tenant > p_after;
        -- The write door, for many tenants in turn: who fences one is not waited for.
        perform set_config('app.current_tenant', v_tenant::text, true);
        continue when not pg_try_advisory_xact_lock_shared(bulkhead.lock_key(v_tenant));
        select f.state into v_state from bulkhead.fence f where f.tenant_id = v_tenant;
        continue when v_state is distinct from 'open';
        perform set_config('app.write_door', pg_current_xact_id()::text || ':' || v_tenant::text, true);
        return query update bulkhead.job j
            set run_at = now() + p_lease, lease = gen_random_uuid(), attempts = j.attempts + 1
            where j.tenant_id = v_tenant and j.job_id = (
                select d.job_id from bulkhead.job d
                where d.tenant_id = v_tenant and d.code is null and d.run_at <= now()
                order by d.run_at, d.job_id limit 1 for update skip locked)
            returning j.*;
        if found then
            v_left := v_left - 1;
        end if;
    end loop;
    perform set_config('app.current_tenant', '', true), set_config('app.write_door', '', true);
end
$$;
revoke all on function bulkhead.claim_jobs(uuid, integer, interval) from public;
grant execute on function bulkhead.claim_jobs(uuid, integer, interval) to bulkhead_rw;

-- +goose StatementEnd
