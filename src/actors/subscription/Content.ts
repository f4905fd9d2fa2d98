// What a subscription looks for in events and makes of them, compiled once per feed.

import { Either } from "effect"
import {
  type CompiledTransform,
  compileFilters,
  compileTransform,
  type InvalidSetting,
  type JournaledEvent,
  type SubscriptionSpec,
} from "../../domain/index.js"

export interface Content {
  /** Whether the content filters take an event. */
  readonly passes: (event: JournaledEvent) => boolean
  /** Absent: events are delivered as they are. */
  readonly transform: CompiledTransform | undefined
}

export const compileContent = ({
  filters = [],
  transform,
}: Pick<SubscriptionSpec, "filters" | "transform">): Either.Either<Content, InvalidSetting> =>
  Either.gen(function* () {
    const { matches } = yield* compileFilters(filters)
    return {
      // Without filters events are not even parsed.
      passes: filters.length === 0 ? () => true : ({ event }: JournaledEvent) => matches(event),
      transform: transform === undefined ? undefined : yield* compileTransform(transform),
    }
  })
