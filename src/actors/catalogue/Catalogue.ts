// What events of a namespace must carry: its own catalogue over that of its host type, and how far it
// is enforced. Consulted for every publish to a namespace that enforces one, and by no other.

import { Either } from "effect"
import {
  type CloudEvent,
  dataKindOf,
  type EffectiveSettings,
  type EventTypeEntry,
  type NamespaceName,
  SchemaMismatch,
  UnregisteredType,
} from "../../domain/index.js"
import type { CompiledSchema, SchemaValidator, ValidationBudget } from "../ports/index.js"

/** Steps that the events of one publish may take together: some tens of milliseconds at most. */
const publishSteps = 250_000

/** A registered type, whose schema is made ready when the first event of it comes. */
export class CataloguedSchema {
  readonly entry: EventTypeEntry
  readonly #validator: SchemaValidator["Type"]
  #compiled: CompiledSchema | undefined

  constructor(entry: EventTypeEntry, validator: SchemaValidator["Type"]) {
    this.entry = entry
    this.#validator = validator
  }

  check(event: CloudEvent, budget: ValidationBudget) {
    const { schema } = this.entry
    if (schema === undefined) return undefined
    const { data, data_base64: binary, datacontenttype: contentType } = event
    const isJson = contentType === undefined || dataKindOf(contentType) === "json"
    if (!isJson || binary !== undefined) {
      return { pointer: "/datacontenttype", reason: "must be JSON, to be held against a schema" }
    }
    this.#compiled ??= Either.getOrElse(this.#validator.compile(schema), () => unchecked)
    const fault = this.#compiled.check(data ?? null, budget)
    return fault === undefined ? undefined : { ...fault, pointer: `/data${fault.pointer}` }
  }
}

const fieldOf = (pointer: string): string => pointer.slice(1).split("/").map(unescaped).join(".")

const unescaped = (segment: string): string => segment.replaceAll("~1", "/").replaceAll("~0", "~")

/** A schema that was taken by an earlier release and is not by this one holds nobody up. */
const unchecked: CompiledSchema = { check: () => undefined }

export type Entries = ReadonlyMap<string, CataloguedSchema>

/** What a catalogue has found, for the metrics and the log. */
export interface CatalogueWatch {
  /** An event was refused, or accepted with a warning. */
  readonly found: (
    problem: SchemaMismatch | UnregisteredType,
    outcome: "warned" | "rejected",
  ) => void
}

export class Catalogue {
  readonly #namespace: NamespaceName
  readonly #own: Entries
  readonly #inherited: Entries
  readonly #rejects: boolean
  readonly #refusesUnregistered: boolean
  readonly #watch: CatalogueWatch

  constructor(
    namespace: NamespaceName,
    own: Entries,
    inherited: Entries,
    settings: Pick<EffectiveSettings, "schemaEnforcement" | "unregisteredTypes">,
    watch: CatalogueWatch,
  ) {
    this.#namespace = namespace
    this.#own = own
    this.#inherited = inherited
    this.#rejects = settings.schemaEnforcement === "reject"
    this.#refusesUnregistered = settings.unregisteredTypes === "refuse"
    this.#watch = watch
  }

  /** Why none of these events may be published; undefined when they may. */
  refusal(events: ReadonlyArray<CloudEvent>): SchemaMismatch | UnregisteredType | undefined {
    const budget = { steps: publishSteps }
    for (const [index, event] of events.entries()) {
      const problem = this.#problem(event, index, budget)
      if (problem === undefined) continue
      this.#watch.found(problem, this.#rejects ? "rejected" : "warned")
      if (this.#rejects) return problem
    }
    return undefined
  }

  #problem(event: CloudEvent, index: number, budget: ValidationBudget) {
    const { type } = event
    const namespace = this.#namespace
    const registered = this.#own.get(type) ?? this.#inherited.get(type)
    if (registered === undefined) {
      return this.#refusesUnregistered
        ? new UnregisteredType({ namespace, type, index })
        : undefined
    }
    const fault = registered.check(event, budget)
    return fault === undefined
      ? undefined
      : new SchemaMismatch({ namespace, type, index, field: fieldOf(fault.pointer), ...fault })
  }
}
