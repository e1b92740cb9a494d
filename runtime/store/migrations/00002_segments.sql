-- +goose Up
-- +goose StatementBegin

-- The index of a tenant is its segments, sealed objects that a sealed manifest
-- lists. The head has the manifest, so that who changes the index locks it. A head
-- without one is of a tenant whose documents are not in segments yet.
alter table bulkhead.tenant_head
    add column manifest_dek uuid,
    add column manifest     bytea,
    add check ((manifest is null) = (manifest_dek is null));
alter table bulkhead.tenant_head alter column manifest set storage external;

-- How a document is split stands in its segment. A runtime of the version before
-- can not write any more, which is meant: what it wrote would be in no segment.
alter table bulkhead.document drop constraint document_check;
alter table bulkhead.document drop column lex_id;
alter table bulkhead.document add constraint document_check check (
    (state = 'live') = (ext_mac is not null and content_mac is not null and src_id is not null
                        and dek_id is not null and meta_ct is not null));

-- +goose StatementEnd
