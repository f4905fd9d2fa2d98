// The ports that need no more than statements, over any client that speaks Postgres.

import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer } from "effect"
import {
  AuditLog,
  DeliveryLog,
  EventTypes,
  type Invalidation,
  Journal,
  Keys,
  Registry,
  Removals,
  SigningKeys,
  Replays,
  Sources,
  type StorePorts,
} from "../../../actors/index.js"
import { JournalHeads } from "./JournalHeads.js"
import { makeAuditLog } from "./SqlAuditLog.js"
import { type DeliveryLogOptions, makeDeliveryLog } from "./SqlDeliveryLog.js"
import { makeEventTypes } from "./SqlEventTypes.js"
import { makeJournal } from "./SqlJournal.js"
import { makeKeys } from "./SqlKeys.js"
import { makeRegistry } from "./SqlRegistry.js"
import { makeRemovals } from "./SqlRemovals.js"
import { makeSigningKeys } from "./SqlSigningKeys.js"
import { makeReplays } from "./SqlReplays.js"
import { makeSources } from "./SqlSources.js"
import { StoreLock } from "./StoreLock.js"

/** Over a schema that is migrated. */
export const layer = (
  options: DeliveryLogOptions,
): Layer.Layer<Exclude<StorePorts, Invalidation>, never, SqlClient.SqlClient | StoreLock> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const lock = yield* StoreLock
      const heads = new JournalHeads()
      return Context.make(Journal, makeJournal(sql, heads, lock)).pipe(
        Context.add(Registry, makeRegistry(sql)),
        Context.add(DeliveryLog, makeDeliveryLog(sql, options)),
        Context.add(EventTypes, makeEventTypes(sql)),
        Context.add(Removals, makeRemovals(sql, heads)),
        Context.add(Keys, makeKeys(sql)),
        Context.add(SigningKeys, makeSigningKeys(sql)),
        Context.add(AuditLog, makeAuditLog(sql)),
        Context.add(Replays, makeReplays(sql)),
        Context.add(Sources, makeSources(sql)),
      )
    }),
  )
