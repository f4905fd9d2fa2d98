// What the mesh answers of a namespace, in the plain types of the Promise API.

import { Redacted } from "effect"
import type { DeadLetter, DeliveryView, ReplayView, SigningKeysView } from "../../actors/index.js"
import {
  describeDeadLetter,
  describeStanding,
  fromTrustedJson,
  nextStep,
  type RemovalReport,
  standingName,
  waitingName,
} from "../../domain/index.js"
import type {
  DeadLetterInfo,
  DeliveryExplanation,
  PublicKeyInfo,
  RemovalAccount,
  ReplayInfo,
} from "./Views.js"

export const publicKeysOf = ({ keys }: SigningKeysView): ReadonlyArray<PublicKeyInfo> =>
  keys.map(({ kid, publicKey, createdAt, until }) => ({
    kid,
    publicKey,
    createdAt: new Date(createdAt),
    ...(until === undefined ? {} : { until: new Date(until) }),
  }))

export const drawnSecret = ({ secret }: Readonly<Record<string, Redacted.Redacted>>) =>
  secret === undefined ? {} : { secret: Redacted.value(secret) }

export const explanationOf = (view: DeliveryView): DeliveryExplanation => {
  const { attempts, sink, standing, subscription } = view
  return {
    subscription,
    sink,
    status: standingName(standing),
    ...(standing._tag === "Waiting" ? { because: waitingName(standing.cause) } : {}),
    text: describeStanding(standing),
    attempts: attempts.map(({ since: _, startedAt, ...rest }) => ({
      attempt: rest.attempt,
      startedAt: new Date(startedAt),
      durationMillis: rest.durationMillis,
      ...(rest.replay === undefined ? {} : { replay: rest.replay }),
      outcome: rest.outcome,
      ...(rest.status === undefined ? {} : { status: rest.status }),
      ...(rest.reason === undefined ? {} : { reason: rest.reason }),
    })),
  }
}

export const deadLetterOf = (letter: DeadLetter): DeadLetterInfo => ({
  id: letter.id,
  subscription: letter.subscription,
  sequence: letter.sequence,
  reason: letter.reason._tag,
  detail: describeDeadLetter(letter.reason),
  attempts: letter.attempts,
  firstAttemptAt: new Date(letter.firstAttemptAt),
  deadAt: new Date(letter.deadAt),
  ...(letter.replay === undefined ? {} : { replay: letter.replay }),
  event: fromTrustedJson(letter.json),
})

export const accountOf = (report: RemovalReport): RemovalAccount => ({
  id: report.id,
  namespace: report.namespace,
  complete: nextStep(report) === undefined,
  steps: report.steps.map(({ reason, ...step }) => ({
    ...step,
    ...(reason === undefined ? {} : { reason }),
  })),
  inFlight: report.inFlight,
})

export const replayOf = (replay: ReplayView): ReplayInfo => {
  const { id, state, from, to, position, progress, delivered, failed, dead, skipped } = replay
  return { id, state, from, to, position, progress, delivered, failed, dead, skipped }
}
