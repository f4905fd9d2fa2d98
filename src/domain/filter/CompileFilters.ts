/**
 * The filters of a subscription, checked and made ready: all of them must hold for an event.
 *
 * What does not parse, or is larger than the limits, is refused here with the field's name, so that
 * evaluation has nothing left to fail with but the event. It never throws: an expression that cannot
 * be evaluated on an event does not hold for it.
 */
import { Array as Arr, Either } from "effect"
import type { CloudEvent } from "../event/index.js"
import { EvaluationBudget, type ExpressionProblem } from "../expression/index.js"
import { InvalidSetting } from "../namespace/index.js"
import { attributeClause } from "./AttributeClause.js"
import { celClause } from "./CelClause.js"
import type { Clause } from "./Clause.js"
import type { Filter } from "./Filter.js"
import type { FilterVerdict } from "./FilterVerdict.js"
import { sqlClause } from "./SqlClause.js"

/** Filters of a subscription, those inside others included. */
export const MAX_FILTER_CLAUSES = 64
/** Filters inside each other. */
export const MAX_FILTER_DEPTH = 8

export interface CompiledFilters {
  readonly matches: (event: CloudEvent) => boolean
  readonly explain: (event: CloudEvent) => FilterVerdict
}

export const compileFilters = (
  filters: ReadonlyArray<Filter>,
): Either.Either<CompiledFilters, InvalidSetting> => {
  const place: Place = { field: "filters", clause: "filters", depth: 1 }
  return Either.map(compileAll(filters, place, { clauses: 0 }), (clauses) => {
    const { holds, failures } = allOf(clauses)
    return {
      matches: (event) => holds(event, new EvaluationBudget()),
      explain: (event) => {
        const found = failures(event, new EvaluationBudget())
        return Arr.isNonEmptyReadonlyArray(found)
          ? { _tag: "NotMatched", failures: found }
          : { _tag: "Matched" }
      },
    }
  })
}

/** What the filters say of an event. Fails where they are none that a subscription can have. */
export const explainFilters = (
  filters: ReadonlyArray<Filter>,
  event: CloudEvent,
): Either.Either<FilterVerdict, InvalidSetting> =>
  Either.map(compileFilters(filters), ({ explain }) => explain(event))

/** Where a filter stands: as a field of the request, and as a clause in an explanation. */
interface Place {
  readonly field: string
  readonly clause: string
  readonly depth: number
}

interface Tally {
  clauses: number
}

const compileAll = (
  filters: ReadonlyArray<Filter>,
  place: Place,
  tally: Tally,
): Either.Either<ReadonlyArray<Clause>, InvalidSetting> =>
  Either.all(
    filters.map((filter, index) =>
      compile(
        filter,
        { ...place, field: `${place.field}.${index}`, clause: `${place.clause}[${index}]` },
        tally,
      ),
    ),
  )

const compile = (
  filter: Filter,
  at: Place,
  tally: Tally,
): Either.Either<Clause, InvalidSetting> => {
  if (at.depth > MAX_FILTER_DEPTH)
    return refuse(at, `lies deeper than ${MAX_FILTER_DEPTH} filters inside each other`)
  if (++tally.clauses > MAX_FILTER_CLAUSES)
    return refuse(at, `a subscription has at most ${MAX_FILTER_CLAUSES} filters in all`)
  const { exact, prefix, suffix, all, any, not, sql, cel } = filter
  const within = (dialect: string): Place => ({
    field: `${at.field}.${dialect}`,
    clause: `${at.clause}.${dialect}`,
    depth: at.depth + 1,
  })
  if (exact !== undefined) return attribute("exact", exact, at)
  if (prefix !== undefined) return attribute("prefix", prefix, at)
  if (suffix !== undefined) return attribute("suffix", suffix, at)
  if (all !== undefined) return Either.map(compileAll(all, within("all"), tally), allOf)
  if (any !== undefined) return Either.map(compileAll(any, within("any"), tally), anyOf)
  if (not !== undefined)
    return Either.map(compile(not, within("not"), tally), (clause) =>
      notThat(clause, `${at.clause}.not`),
    )
  if (sql !== undefined) return expression("sql", sqlClause(sql, `${at.clause}.sql`), at)
  if (cel !== undefined) return expression("cel", celClause(cel, `${at.clause}.cel`), at)
  return refuse(at, "states no filter")
}

const attribute = (
  comparison: "exact" | "prefix" | "suffix",
  values: NonNullable<Filter["exact"]>,
  at: Place,
): Either.Either<Clause, InvalidSetting> =>
  Either.right(attributeClause(comparison, values, `${at.clause}.${comparison}`))

const expression = (
  dialect: "sql" | "cel",
  compiled: Either.Either<Clause, ExpressionProblem>,
  at: Place,
): Either.Either<Clause, InvalidSetting> =>
  Either.mapLeft(
    compiled,
    ({ reason, position }) =>
      new InvalidSetting({ field: `${at.field}.${dialect}`, reason, position }),
  )

const refuse = ({ field }: Place, reason: string) =>
  Either.left(new InvalidSetting({ field, reason }))

const allOf = (clauses: ReadonlyArray<Clause>): Clause => {
  const [only] = clauses
  if (only !== undefined && clauses.length === 1) return only
  return {
    holds: (event, budget) => {
      for (const clause of clauses) if (!clause.holds(event, budget)) return false
      return true
    },
    failures: (event, budget) => {
      for (const clause of clauses) {
        const found = clause.failures(event, budget)
        if (found.length > 0) return found
      }
      return []
    },
  }
}

const anyOf = (clauses: ReadonlyArray<Clause>): Clause => ({
  holds: (event, budget) => {
    for (const clause of clauses) if (clause.holds(event, budget)) return true
    return false
  },
  failures: (event, budget) => {
    const found = []
    for (const clause of clauses) {
      const failures = clause.failures(event, budget)
      if (failures.length === 0) return []
      found.push(...failures)
    }
    return found
  },
})

const notThat = (negated: Clause, clause: string): Clause => ({
  holds: (event, budget) => !negated.holds(event, budget),
  failures: (event, budget) =>
    negated.failures(event, budget).length > 0
      ? []
      : [{ clause, reason: "what it excludes holds", errored: false }],
})
