// Loads the catalogues that awake namespaces enforce. That of a host type is loaded once and its
// schemas are made ready once, for all the namespaces that inherit it.

import { Effect } from "effect"
import {
  catalogueLimits,
  type CatalogueOwner,
  type EffectiveSettings,
  type HostTypeName,
  hostTypeCatalogue,
  type Namespace,
  namespaceCatalogue,
  type SchemaMismatch,
  type UnregisteredType,
} from "../../domain/index.js"
import type { EventTypes, SchemaValidator, StoreUnavailable } from "../ports/index.js"
import { Catalogue, CataloguedSchema, type Entries } from "./Catalogue.js"

/** How often warnings are logged, one line for each namespace and type. */
const logEvery = "10 seconds"
/** Namespaces and types that a round of warnings tells apart. */
const maxWarned = 1_000

interface Warned {
  count: number
  readonly problem: SchemaMismatch | UnregisteredType
}

const nothing: Entries = new Map()

export class Catalogues {
  readonly #eventTypes: EventTypes["Type"]
  readonly #validator: SchemaValidator["Type"]
  readonly #ofHostTypes = new Map<HostTypeName, Entries>()
  /** Tells a load that began before a change from one that began after it. */
  #changes = 0
  #warned = new Map<string, Warned>()
  /** Events since the start that did not match: refused, and accepted all the same. */
  readonly counts = { rejected: 0, warned: 0 }

  constructor(eventTypes: EventTypes["Type"], validator: SchemaValidator["Type"]) {
    this.#eventTypes = eventTypes
    this.#validator = validator
  }

  /** What a namespace enforces; undefined when it enforces nothing. */
  load(
    { hostType, name }: Namespace,
    settings: EffectiveSettings,
  ): Effect.Effect<Catalogue | undefined, StoreUnavailable> {
    const { schemaEnforcement = "off" } = settings
    if (schemaEnforcement === "off") return Effect.succeed(undefined)
    return Effect.zipWith(
      this.#entries(namespaceCatalogue(name)),
      hostType === undefined ? Effect.succeed(nothing) : this.#ofHostType(hostType),
      (own, inherited) => new Catalogue(name, own, inherited, settings, this),
    )
  }

  /** The catalogue of a host type has changed, or may have. */
  forget(hostType: HostTypeName): void {
    this.#changes++
    this.#ofHostTypes.delete(hostType)
  }

  forgetAll(): void {
    this.#changes++
    this.#ofHostTypes.clear()
  }

  found(problem: SchemaMismatch | UnregisteredType, outcome: "warned" | "rejected"): void {
    this.counts[outcome]++
    if (outcome === "rejected") return
    const key = `${problem.namespace} ${problem.type}`
    const warned = this.#warned.get(key)
    if (warned !== undefined) warned.count++
    else if (this.#warned.size < maxWarned) this.#warned.set(key, { count: 1, problem })
  }

  /** Logs warnings together, for ever. */
  get logging(): Effect.Effect<never> {
    const round = Effect.suspend(() => {
      const warned = [...this.#warned.values()]
      this.#warned = new Map()
      return Effect.forEach(
        warned,
        ({ count, problem: { _tag, namespace, type, ...problem } }) =>
          Effect.logWarning("Events were accepted that their catalogue does not allow").pipe(
            Effect.annotateLogs({
              namespace,
              type,
              events: count,
              ...("pointer" in problem
                ? { pointer: problem.pointer, reason: problem.reason }
                : { reason: "the type is not registered" }),
            }),
          ),
        { discard: true },
      )
    })
    return Effect.forever(Effect.delay(round, logEvery))
  }

  #ofHostType(name: HostTypeName): Effect.Effect<Entries, StoreUnavailable> {
    return Effect.suspend(() => {
      const known = this.#ofHostTypes.get(name)
      if (known !== undefined) return Effect.succeed(known)
      const changes = this.#changes
      return Effect.tap(this.#entries(hostTypeCatalogue(name)), (entries) =>
        Effect.sync(() => {
          if (this.#changes === changes) this.#ofHostTypes.set(name, entries)
        }),
      )
    })
  }

  #entries(owner: CatalogueOwner): Effect.Effect<Entries, StoreUnavailable> {
    return Effect.map(
      this.#eventTypes.list(owner, { limit: catalogueLimits.types }),
      (found) =>
        new Map(found.map((entry) => [entry.type, new CataloguedSchema(entry, this.#validator)])),
    )
  }
}
