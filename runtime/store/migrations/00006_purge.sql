-- +goose Up
-- What was deleted leaves the index by a job of its own, whatever becomes of the
-- process that deleted it.
alter table bulkhead.job drop constraint job_kind_check, add constraint job_kind_check check (kind in ('ingest', 'purge'));
