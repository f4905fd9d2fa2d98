// Mails about what fails: the first of a cause at once, what follows within an interval in one mail with
// how often it was. Telling of a failure costs nothing and never fails; one fiber sends.

import { randomUUID } from "node:crypto"
import { Clock, Duration, Effect, Either, Redacted, Schema, type Scope } from "effect"
import type { Connection } from "../../actors/index.js"
import {
  AlertDigest,
  CloudEvent,
  JournaledEvent,
  type Report,
  SinkName,
  SubscriptionName,
  systemNamespace,
} from "../../domain/index.js"
import type { EmailConfig } from "../Deployment.js"
import * as EmailTransport from "../transports/email/EmailTransport.js"
import { EmailOptions } from "../transports/email/EmailOptions.js"
import type { TargetGuard } from "../transports/guard/TargetGuard.js"

export interface FailureReport {
  /** Such as `wal2http.sink.failing`. */
  readonly type: string
  /** What fails. */
  readonly subject: string
  /** Failures of the same type and cause are one mail an interval. */
  readonly cause: string
  /** One line for a person. */
  readonly text: string
  /** The beginning of the event that it is about. */
  readonly excerpt?: string
}

export interface FailureMails {
  readonly tell: (failure: FailureReport) => void
}

export interface FailureMailsOptions {
  readonly email: EmailConfig
  readonly subject: string
  readonly interval: Duration.Duration
}

/** The mail server or an address is none. */
export class EmailUnusable extends Schema.TaggedError<EmailUnusable>()("EmailUnusable", {
  reason: Schema.String,
}) {
  override get message(): string {
    return this.reason
  }
}

const maxWaiting = 100
const maxAttempts = 5
const retryAfter = Duration.seconds(10)

export const make = ({
  email,
  interval,
  subject,
}: FailureMailsOptions): Effect.Effect<FailureMails, EmailUnusable, Scope.Scope | TargetGuard> =>
  Effect.gen(function* () {
    const connection = yield* open(email, subject)
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    const digest = new AlertDigest<FailureReport>(
      Duration.toMillis(interval),
      ({ cause, type }) => `${type} ${cause}`,
    )
    const waiting: Array<Report<FailureReport>> = []
    const arrival = Effect.unsafeMakeLatch(false)
    const rest = Effect.suspend(() => {
      const due = digest.nextDue
      return due === undefined
        ? arrival.await
        : Effect.race(arrival.await, Effect.sleep(Math.max(1, due - now())))
    })
    const turn = Effect.suspend(() => {
      arrival.unsafeClose()
      waiting.push(...digest.due(now()))
      const report = waiting.shift()
      return report === undefined ? rest : send(connection, report)
    })
    yield* Effect.forkScoped(Effect.forever(turn))
    return {
      tell: (failure) => {
        const report = digest.raise(failure, now())
        if (report !== undefined && waiting.length < maxWaiting) waiting.push(report)
        arrival.unsafeOpen()
      },
    }
  })

const open = ({ password, username, ...options }: EmailConfig, subject: string) =>
  Effect.gen(function* () {
    const decoded = yield* Effect.mapError(
      Schema.decodeUnknown(EmailOptions)({
        ...options,
        ...(username === undefined ? {} : { username }),
        subject,
      }),
      ({ message }) => new EmailUnusable({ reason: message }),
    )
    const transport = yield* EmailTransport.make({ operator: systemNamespace })
    return yield* transport.open({
      namespace: systemNamespace,
      sink: SinkName.make("email"),
      options: decoded,
      secrets: password === undefined ? {} : { password: Redacted.make(Redacted.value(password)) },
    })
  })

const send = (connection: Connection, report: Report<FailureReport>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const id = randomUUID()
    const event = Either.getOrUndefined(eventOf(report, id, now))
    if (event === undefined) return yield* Effect.logError("A failure makes no mail")
    const delivery = {
      namespace: systemNamespace,
      subscription: SubscriptionName.make("email"),
      id,
      event: JournaledEvent.ephemeral(event, now),
    }
    for (let attempt = 1; ; attempt++) {
      const outcome = yield* connection.deliver({ ...delivery, attempt })
      if (outcome._tag === "Delivered") return
      if (outcome._tag !== "Retry" || attempt === maxAttempts) {
        return yield* Effect.logError("A mail about a failure was not sent", outcome.reason)
      }
      yield* Effect.sleep(retryAfter)
    }
  })

const eventOf = (
  { alert: { excerpt, subject, text, type }, count, since }: Report<FailureReport>,
  id: string,
  now: number,
) =>
  CloudEvent.make({
    id,
    source: "/eventloom",
    type,
    subject,
    time: new Date(now).toISOString(),
    data: {
      text,
      count,
      since: new Date(since).toISOString(),
      ...(excerpt === undefined ? {} : { excerpt }),
    },
  })
