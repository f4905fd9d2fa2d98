// Keeps an eye on a replication slot while it is read: how much log the server keeps for it, and
// whether it still does.

import { Duration, Effect } from "effect"
import { SourceProblem } from "../../domain/index.js"
import type { ChangeStream, SlotHealth } from "../ports/index.js"

export interface SlotWatch {
  readonly stream: Pick<ChangeStream, "health">
  readonly slot: string
  /** Bytes that the server may keep for the slot before that is a matter for somebody. */
  readonly lagBudget: number | undefined
  readonly looked: (health: SlotHealth) => void
  /** Run when it has become a matter for somebody, and again only after it was none. */
  readonly alarm: (health: SlotHealth, why: string) => Effect.Effect<void>
}

const watchInterval = Duration.seconds(10)

/** Ends only with a problem. */
export const watchSlot = ({
  alarm,
  lagBudget,
  looked,
  slot,
  stream,
}: SlotWatch): Effect.Effect<never, SourceProblem> => {
  let isAlarmed = false
  const look = Effect.gen(function* () {
    const health = yield* stream.health
    looked(health)
    if (health.walStatus === "lost") {
      return yield* new SourceProblem({
        code: "slot-lost",
        reason: `The server has given up on the replication slot "${slot}": what was changed since its position is lost.`,
        remedy: "Delete the source and create it again to go on from the present.",
      })
    }
    const why = lagAlarm(health, lagBudget)
    if (why !== undefined && !isAlarmed) yield* alarm(health, why)
    isAlarmed = why !== undefined
  })
  return Effect.forever(Effect.zipRight(look, Effect.sleep(watchInterval)))
}

/** Why a slot's lag is a matter for somebody; undefined when it is not. */
export const lagAlarm = (
  { lagBytes, walStatus }: SlotHealth,
  budget: number | undefined,
): string | undefined => {
  if (walStatus === "unreserved") {
    return "the server is about to remove log that the slot still needs"
  }
  return budget !== undefined && lagBytes > budget
    ? `the server keeps ${lagBytes} bytes of log for the slot, more than ${budget}`
    : undefined
}
