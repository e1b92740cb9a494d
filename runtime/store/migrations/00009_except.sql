-- +goose Up
-- +goose StatementBegin

-- lease_jobs_except is lease_jobs but for some tenants, whose jobs are left to other replicas.
create function bulkhead.lease_jobs_except(p_kinds text[], p_except uuid[], p_after uuid, p_most integer, p_lease interval)
    returns setof bulkhead.job
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_tenant  uuid := p_after;
    v_wrapped boolean := false;
    v_left    integer := p_most;
    v_state   text;
begin
    while v_left > 0 loop
        select j.tenant_id into v_tenant from bulkhead.job j
            where j.code is null and j.tenant_id > v_tenant and j.kind = any(p_kinds) order by j.tenant_id limit 1;
        if not found then
            exit when v_wrapped;
            v_wrapped := true;
            v_tenant := '00000000-0000-0000-0000-000000000000';
            continue;
        end if;
        exit when v_wrapped and v_tenant > p_after;
        continue when v_tenant = any(p_except);
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
                where d.tenant_id = v_tenant and d.code is null and d.run_at <= now() and d.kind = any(p_kinds)
                order by d.run_at, d.job_id limit 1 for update skip locked)
            returning j.*;
        if found then
            v_left := v_left - 1;
        end if;
    end loop;
    perform set_config('app.current_tenant', '', true), set_config('app.write_door', '', true);
end
$$;
revoke all on function bulkhead.lease_jobs_except(text[], uuid[], uuid, integer, interval) from public;
grant execute on function bulkhead.lease_jobs_except(text[], uuid[], uuid, integer, interval) to bulkhead_rw;

-- Replicas of the version before leave out no tenants.
create or replace function bulkhead.lease_jobs(p_kinds text[], p_after uuid, p_most integer, p_lease interval) returns setof bulkhead.job
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select * from bulkhead.lease_jobs_except(p_kinds, '{}', p_after, p_most, p_lease)
$$;

-- +goose StatementEnd
