-- Every fact that the separation of tenants rests on, one a row. object is
-- what the fact is about, so that objects of a newer schema can be told apart.
with ours as (select oid, rolname from pg_roles where rolname ~ '^bulkhead_'),
rel as (
    select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c where c.relnamespace = 'bulkhead'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
),
fn as (select p.* from pg_proc p where p.pronamespace = 'bulkhead'::regnamespace)
select 'role' as kind, r.rolname::text as object, concat_ws(' ', 'role', r.rolname,
    case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypassrls' end,
    case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
    case when r.rolreplication then 'replication' end) as fact
from pg_roles r where r.rolname in ('bulkhead_owner', 'bulkhead_rw', 'bulkhead_app', 'bulkhead_lane', 'bulkhead_queue')
union all
select 'member', m.rolname, format('member %s of %s', m.rolname, r.rolname)
from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
where r.oid in (select oid from ours) or m.oid in (select oid from ours)
union all
select 'table', relname, format('table %s kind %s owner %s rls %s forced %s', relname, relkind,
    pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity) from rel
union all
select 'policy', tablename, concat_ws(' ', 'policy', tablename, policyname, permissive, cmd, 'to', array_to_string(roles, ','),
    'using ' || qual, 'check ' || with_check)
from pg_policies where schemaname = 'bulkhead'
union all
select 'trigger', rel.relname, format('trigger %s %s enabled %s', rel.relname,
    substring(pg_get_triggerdef(t.oid) from '^CREATE TRIGGER (.*)$'), t.tgenabled)
from pg_trigger t join rel on rel.oid = t.tgrelid where not t.tgisinternal
union all
select 'function', fn.proname, format('function %s owner %s definer %s config %s', fn.oid::regprocedure,
    pg_get_userbyid(fn.proowner), fn.prosecdef, array_to_string(fn.proconfig, ';')) from fn
union all
select 'grant', rel.relname, format('grant %s on %s to %s', a.privilege_type, rel.relname, a.grantee::regrole)
from rel, aclexplode(rel.relacl) a where a.grantee <> rel.relowner
union all
select 'grant', rel.relname, format('grant %s (%s) on %s to %s', a.privilege_type, c.attname, rel.relname, a.grantee::regrole)
from rel join pg_attribute c on c.attrelid = rel.oid, aclexplode(c.attacl) a where a.grantee <> rel.relowner
union all
select 'grant', fn.proname, format('grant %s on %s to %s', a.privilege_type, fn.oid::regprocedure, a.grantee::regrole)
from fn, aclexplode(coalesce(fn.proacl, acldefault('f', fn.proowner))) a where a.grantee <> fn.proowner
union all
select 'grant', 'schema', format('grant %s on schema %s to %s', a.privilege_type, n.nspname, a.grantee::regrole)
from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
where (n.nspname = 'bulkhead' and a.grantee <> n.nspowner)
   or (n.nspname = 'public' and a.grantee in (select oid from ours union select 0))
order by 3
