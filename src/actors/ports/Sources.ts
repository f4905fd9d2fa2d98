// Port: the sources that the operator has configured. Secrets in the records are sealed already.

import { Context, type Effect, type Option } from "effect"
import type { Source, SourceName, TableSnapshot } from "../../domain/index.js"
import type { Page } from "./Registry.js"
import type { StoreUnavailable } from "./StoreErrors.js"

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class Sources extends Context.Tag("eventloom/Sources")<
  Sources,
  {
    /** Inserts or replaces. */
    readonly put: (source: Source) => Answer<void>
    readonly get: (name: SourceName) => Answer<Option.Option<Source>>
    /** Ascending by name (code-unit order). */
    readonly list: (page: Page<SourceName>) => Answer<ReadonlyArray<Source>>
    /** Takes its snapshots with it. */
    readonly delete: (name: SourceName) => Answer<boolean>
    /** Inserts or replaces, by table; nothing where there is no such source. */
    readonly putSnapshot: (name: SourceName, snapshot: TableSnapshot) => Answer<void>
    /** Those of a source, ascending by table (code-unit order). */
    readonly snapshots: (name: SourceName) => Answer<ReadonlyArray<TableSnapshot>>
  }
>() {}
