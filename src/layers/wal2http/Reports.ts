// Who hears of what: the log of everything, a mail of what somebody may have to do something about.

import { Clock, Effect } from "effect"
import { mayPass, type Reason, type SourceProblem } from "../../domain/index.js"
import { keepDeadLetter } from "./DeadLetterFile.js"
import type { FailureMails } from "./FailureMails.js"
import type { Failure } from "./OrderedDelivery.js"
import type { Parcel } from "./ParcelSink.js"
import type { Wal2HttpConfig } from "./Wal2HttpConfig.js"

export interface Reports {
  readonly streaming: (sink: string) => Effect.Effect<void>
  readonly problem: (problem: SourceProblem) => Effect.Effect<void>
  readonly lagging: (why: string) => Effect.Effect<void>
  readonly failing: (sink: string, reason: Reason) => Effect.Effect<void>
  readonly recovered: (sink: string) => Effect.Effect<void>
  /** Keeps a parcel that is given up on; false when it could not be kept. */
  readonly setAside: (failure: Failure<Parcel>) => Effect.Effect<boolean>
  /** A table whose rows are no events. */
  readonly passedOver: (table: string) => Effect.Effect<void>
}

/** What passes sooner need not trouble anybody. */
const mailAfterMillis = 60_000
const maxExcerpt = 1_000

export const reportsTo = (
  mails: FailureMails | undefined,
  { deadLetters, publication, slot }: Wal2HttpConfig,
): Reports => {
  const mail = (type: string, cause: string, text: string, excerpt?: string) =>
    Effect.sync(() =>
      mails?.tell({
        type: `wal2http.${type}`,
        subject: slot,
        cause,
        text,
        ...(excerpt === undefined ? {} : { excerpt }),
      }),
    )
  let downSince: number | undefined
  return {
    streaming: (sink) =>
      Effect.suspend(() => {
        downSince = undefined
        return Effect.logInfo("Streaming").pipe(Effect.annotateLogs({ slot, publication, sink }))
      }),
    problem: (problem) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        downSince ??= now
        const { code, message } = problem
        yield* Effect.logWarning("The database sends nothing", message).pipe(
          Effect.annotateLogs({ code, slot }),
        )
        if (!mayPass(problem) || now - downSince > mailAfterMillis) {
          yield* mail("database.failing", code, `The database sends nothing: ${message}`)
        }
      }),
    lagging: (why) =>
      Effect.zipRight(
        Effect.logWarning("The slot lags", why).pipe(Effect.annotateLogs({ slot })),
        mail("slot.lagging", slot, `The replication slot "${slot}" lags: ${why}`),
      ),
    failing: (sink, reason) =>
      Effect.zipRight(
        Effect.logWarning("The sink takes nothing, and everything waits", reason).pipe(
          Effect.annotateLogs({ sink }),
        ),
        mail(
          "sink.failing",
          sink,
          `${sink} takes nothing: ${reason}. Events wait, and the database keeps its log for them.`,
        ),
      ),
    recovered: (sink) =>
      Effect.logInfo("The sink takes events again").pipe(Effect.annotateLogs({ sink })),
    setAside: ({ attempts, outcome: { reason }, parcel }) =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        const kept = yield* Effect.either(
          keepDeadLetter(deadLetters, { parcel, reason, attempts, at }),
        )
        const excerpt = parcel.json.slice(0, maxExcerpt)
        if (kept._tag === "Left") {
          const { message } = kept.left
          yield* Effect.logError("An event can neither be delivered nor be kept", message)
          yield* mail(
            "dead-letters.unwritable",
            deadLetters,
            `${message} The event (${reason}) and all after it wait.`,
            excerpt,
          )
          return false
        }
        yield* Effect.logError("An event was given up on", reason).pipe(
          Effect.annotateLogs({ key: parcel.key, attempts, file: deadLetters }),
        )
        yield* mail(
          "event.given-up",
          reason,
          `An event was given up on after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}: ${reason}. It is kept in ${deadLetters}; others go on.`,
          excerpt,
        )
        return true
      }),
    passedOver: (table) =>
      Effect.logWarning("Rows of this table are no events: event_id or event_type is missing").pipe(
        Effect.annotateLogs({ table }),
      ),
  }
}
