// Whether the master key is the one that the secrets in the store were sealed under, asked once at the
// start: with another key every sink would turn out misconfigured, one after the other.

import { type Context, Effect, Schema, Stream, Option } from "effect"
import { Registry, type StoreUnavailable, Vault } from "../../actors/index.js"

/** The secrets in the store were sealed under another master key. */
export class MasterKeyWrong extends Schema.TaggedError<MasterKeyWrong>()("MasterKeyWrong", {
  reason: Schema.String,
}) {
  override get message(): string {
    return `The master key is not the one of this store. ${this.reason}. Give the key that the store was first started with (EVENTLOOM_MASTER_KEY or its key file).`
  }
}

/** Namespaces to look through for a secret; one that has none tells nothing. */
const namespacesSearched = 200

/** Opens one secret of the store, if it has any among its first namespaces. */
export const check = (
  context: Context.Context<Vault>,
): Effect.Effect<void, MasterKeyWrong | StoreUnavailable, Registry> =>
  Effect.gen(function* () {
    const registry = yield* Registry
    const sealed = yield* Stream.fromIterableEffect(
      registry.listNamespaces({ limit: namespacesSearched }),
    ).pipe(
      Stream.mapEffect(({ name }) => registry.listSinks(name)),
      Stream.mapConcat((sinks) => sinks),
      Stream.filterMap(({ namespace, sealed }) =>
        sealed === undefined ? Option.none() : Option.some({ namespace, sealed }),
      ),
      Stream.runHead,
    )
    if (Option.isNone(sealed)) return
    yield* (yield* Vault)
      .open(sealed.value.namespace, sealed.value.sealed)
      .pipe(Effect.mapError(({ message }) => new MasterKeyWrong({ reason: message })))
  }).pipe(Effect.provide(context))
