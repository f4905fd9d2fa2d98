// A key of a namespace: a secret that lets who bears it do some things in that namespace alone.

import { Schema } from "effect"
import { NamespaceName } from "../namespace/index.js"
import { KeyScope } from "./KeyScope.js"

/** What a key is known by, in lists and in logs. It is part of the token and no secret. */
export const KeyId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9]{16}$/, { message: () => "must be 16 letters and digits" }),
  Schema.brand("KeyId"),
)
export type KeyId = typeof KeyId.Type

/** A name for people, such as "checkout in production". */
export const KeyLabel = Schema.String.pipe(
  Schema.pattern(/^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u, {
    message: () => "must be 1 to 128 characters without control characters",
  }),
)

/** Times are milliseconds since the epoch. */
export const NamespaceKey = Schema.Struct({
  namespace: NamespaceName,
  id: KeyId,
  name: Schema.optional(KeyLabel),
  scopes: Schema.Array(KeyScope),
  createdAt: Schema.Number,
  /** From then on it is refused. */
  expiresAt: Schema.optional(Schema.Number),
  /** Written now and then: it may lag behind by some seconds. */
  lastUsedAt: Schema.optional(Schema.Number),
})
export type NamespaceKey = typeof NamespaceKey.Type

export const hasExpired = ({ expiresAt }: Pick<NamespaceKey, "expiresAt">, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now

/** There is no key of that id in the namespace, or none any more. */
export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", {
  namespace: NamespaceName,
  key: KeyId,
}) {
  override get message(): string {
    return `There is no key "${this.key}" in "${this.namespace}".`
  }
}
