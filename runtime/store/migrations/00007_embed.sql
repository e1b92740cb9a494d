-- +goose Up
-- Documents are embedded anew by a job of its own, whoever asks for the tenant or does not.
alter table bulkhead.job drop constraint job_kind_check, add constraint job_kind_check check (kind in ('ingest', 'purge', 'embed'));
