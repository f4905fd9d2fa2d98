// Refusals of publishes, answered at a pace. Who is over a quota comes in bursts, and a burst of refusals
// keeps everybody else waiting for as long as it takes to write them, and to collect what they leave in
// memory. So of each namespace one refusal is answered every five milliseconds, or as many more as wait too
// long for that. A client sends its next request on a connection after the answer to the last, so
// what it sends comes at that pace too.
//
// A refusal that comes alone is answered at once, and none waits for longer than a quarter of a second.

import { Context, Effect, type Scope } from "effect"
import type { NamespaceName } from "../../domain/index.js"

const intervalMillis = 5
/** The most that a refusal waits for. */
const roundsToWait = 50

/** Who waits, in their order; `perRound` are answered at a time. */
interface Line {
  readonly answers: Array<() => void>
  perRound: number
}

export interface RefusalPaceShape {
  /** Answers a refusal of the namespace when its turn comes, perhaps at once. `answer` must not throw. */
  readonly inTurn: (namespace: NamespaceName, answer: () => void) => void
  /** The same as an effect. */
  readonly turn: (namespace: NamespaceName) => Effect.Effect<void>
}

export class RefusalPace extends Context.Tag("eventloom/http/RefusalPace")<
  RefusalPace,
  RefusalPaceShape
>() {}

/** Keeps the pace until the scope closes. */
export const makeRefusalPace: Effect.Effect<RefusalPaceShape, never, Scope.Scope> = Effect.gen(
  function* () {
    /** Of the namespaces that were answered within the last interval. */
    const lines = new Map<NamespaceName, Line>()
    const busy = yield* Effect.makeLatch()

    const round = Effect.sync(() => {
      for (const [namespace, { answers, perRound }] of lines) {
        if (answers.length === 0) lines.delete(namespace)
        for (const answer of answers.splice(0, perRound)) answer()
      }
      if (lines.size === 0) busy.unsafeClose()
    })
    yield* Effect.forkScoped(
      Effect.forever(Effect.zipRight(busy.await, Effect.delay(round, intervalMillis))),
    )

    const inTurn = (namespace: NamespaceName, answer: () => void): void => {
      const line = lines.get(namespace)
      if (line !== undefined) {
        const rounds = line.answers.push(answer) / roundsToWait
        line.perRound = Math.max(line.perRound, Math.ceil(rounds))
        return
      }
      lines.set(namespace, { answers: [], perRound: 1 })
      busy.unsafeOpen()
      answer()
    }
    return {
      inTurn,
      turn: (namespace) => Effect.async((resume) => inTurn(namespace, () => resume(Effect.void))),
    }
  },
)
