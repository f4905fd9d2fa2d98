// The rotation of a sink's secret, as a change of its record: the new secret sealed among the others,
// the one before it sealed apart, to sign beside it until the overlap ends.

import { type Duration, Effect, type Redacted } from "effect"
import {
  InvalidSetting,
  isRotationBlocked,
  overlapEnd,
  RotationUnderWay,
  type Sink,
} from "../../domain/index.js"
import type { Vault } from "../ports/index.js"
import { isSameSecret, openSecrets, sealSecrets } from "./SecretOptions.js"

export interface SecretRotation {
  /** The name of the secret among the sink's options. */
  readonly name: string
  readonly secret: Redacted.Redacted
  readonly overlap: Duration.Duration
}

/** The record after the rotation. With the secret that signs already it is as before: a repetition. */
export const rotateSecret = (
  sink: Sink,
  { name, secret, overlap }: SecretRotation,
  vault: Vault["Type"],
  now: number,
): Effect.Effect<Sink, InvalidSetting | RotationUnderWay> =>
  Effect.gen(function* () {
    const { retiring, sealed, ...rest } = sink
    const { namespace } = sink
    const present = yield* Effect.mapError(
      openSecrets(vault, namespace, sealed),
      ({ message }) => new InvalidSetting({ field: name, reason: message }),
    )
    const before = present[name]
    const until = overlapEnd(overlap, now)
    if (before !== undefined && isSameSecret(before, secret) && until !== undefined) return sink
    if (retiring !== undefined && isRotationBlocked(overlap, retiring.until, now)) {
      return yield* new RotationUnderWay({ namespace, sink: sink.name, until: retiring.until })
    }
    const signing = yield* sealSecrets(vault, namespace, { ...present, [name]: secret })
    const retired =
      before === undefined || until === undefined
        ? undefined
        : yield* sealSecrets(vault, namespace, { [name]: before })
    return {
      ...rest,
      ...(signing === undefined ? {} : { sealed: signing }),
      ...(retired === undefined || until === undefined
        ? {}
        : { retiring: { sealed: retired, until } }),
      updatedAt: now,
    }
  })
