// The first schema.
//
// Names are compared by code unit (collate "C"). Times are milliseconds since the epoch. Records and
// reasons are JSON in text columns: jsonb would refuse "\u0000" in a string and reorder members.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const registry = [
  `create table host_types (
    name text collate "C" primary key,
    record text not null
  )`,
  `create table namespaces (
    name text collate "C" primary key,
    incarnation text not null,
    host_type text collate "C",
    overrides text not null,
    status text not null check (status in ('enabled', 'disabled', 'removing')),
    created_at bigint not null,
    updated_at bigint not null
  )`,
  `create index namespaces_by_host_type on namespaces (host_type, name)`,
  `create table sinks (
    namespace text collate "C" not null,
    name text collate "C" not null,
    record text not null,
    primary key (namespace, name)
  )`,
  `create table subscriptions (
    namespace text collate "C" not null,
    name text collate "C" not null,
    status text not null check (status in ('active', 'paused', 'disabled')),
    record text not null,
    primary key (namespace, name)
  )`,
  `create table removals (
    namespace text collate "C" primary key,
    report text not null
  )`,
]

// One row per event, and two indexes as small as can be: the place, and a digest of (namespace,
// source, id). `offset_bytes` is how many bytes of JSON the namespace has had before this event, so
// that pages and retention by bytes need no sums. Deleted rows should be reclaimed well before a
// fifth of the table is dead, the default: a removed namespace can be a tenth of it.
const journal = [
  `create table events (
    sequence bigint not null,
    accepted_at bigint not null,
    offset_bytes bigint not null,
    key uuid not null,
    namespace text collate "C" not null,
    type text not null,
    event text not null,
    constraint events_by_sequence primary key (namespace, sequence),
    constraint events_by_key unique (key)
  ) with (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 10000,
    autovacuum_analyze_scale_factor = 0.05
  )`,
]

// Positions are updated all the time: half of each page is left free and no index holds a column
// that changes, so that updates stay in their page (HOT) and need no vacuum to be reclaimed.
const deliveries = [
  `create table positions (
    namespace text collate "C" not null,
    subscription text collate "C" not null,
    position bigint not null,
    acknowledged text not null,
    primary key (namespace, subscription)
  ) with (fillfactor = 50)`,
  `create table deferrals (
    namespace text collate "C" not null,
    subscription text collate "C" not null,
    sequence bigint not null,
    attempts integer not null,
    due_at bigint,
    since bigint not null,
    order_key text,
    reason text not null,
    primary key (namespace, subscription, sequence),
    foreign key (namespace, subscription) references positions on delete cascade
  ) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)`,
  `create table dead_letters (
    namespace text collate "C" not null,
    id text collate "C" not null,
    subscription text collate "C" not null,
    sequence bigint not null,
    attempts integer not null,
    first_attempt_at bigint not null,
    dead_at bigint not null,
    reason text not null,
    event text not null,
    primary key (namespace, id)
  )`,
  `create index dead_letters_by_subscription on dead_letters (namespace, subscription, id)`,
]

export const initial = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach([...registry, ...journal, ...deliveries], (statement) => sql.unsafe(statement), {
    discard: true,
  })
