// Port: the sources that the operator has configured. Secrets in the records are sealed already.

import { Context, type Effect, type Option } from "effect"
import type { Source, SourceName } from "../../domain/index.js"
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
    readonly delete: (name: SourceName) => Answer<boolean>
  }
>() {}
