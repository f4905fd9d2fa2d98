// What connections set for themselves, so that nothing that a role or database sets changes what is read.

import type { ChangeStreamRequest } from "../../../actors/index.js"

/** The text forms that values are read in: the same in the stream of changes and in rows that are read. */
const textForms = [
  "set datestyle = 'ISO'",
  "set intervalstyle = 'iso_8601'",
  "set timezone = 'UTC'",
  "set extra_float_digits = 3",
  "set bytea_output = 'hex'",
]

/** A stream lasts. */
export const streamSettings = (forms: ChangeStreamRequest["valueForms"]): string =>
  [
    ...(forms === "domain" ? textForms : []),
    "set statement_timeout = 0",
    "set lock_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    // A publication that is missing is a warning, which must not be kept from us.
    "set client_min_messages = 'warning'",
  ].join("; ")

/** The other connection is idle most of the time. Not every version has each of these. */
export const lastingSession = `
  select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
  where name in ('idle_session_timeout', 'lock_timeout', 'transaction_timeout')`

/**
 * A part of a table is read in a moment, and holds up the stream meanwhile. Policies on rows would leave
 * some out in silence: without them the server refuses instead.
 */
export const readSettings = [
  ...textForms,
  "set statement_timeout = '30s'",
  "set lock_timeout = '10s'",
  "set idle_in_transaction_session_timeout = '60s'",
  "set row_security = off",
].join("; ")
