// The keywords of JSON Schema that apply parts of the schema to a value, its members or its items.

import type { Reading } from "./CompileSchema.js"
import type { Pattern } from "./LinearPattern.js"
import { faultAt, faultOf, type Run, type SchemaNode } from "./SchemaNode.js"
import { dependentRequiredCheck, has, isArray, isObject } from "./ValueChecks.js"
import type { SchemaFault } from "../../actors/index.js"

/** A part for the very same value. */
const inPlace = (reading: Reading, schema: unknown, ...path: ReadonlyArray<string>): SchemaNode => {
  const part = reading.part(schema, ...path)
  reading.node.inPlace.push(part)
  return part
}

/** The members of a keyword whose value is an object of schemas. */
const membersOf = (
  { refuse, schema }: Reading,
  keyword: string,
): ReadonlyArray<[string, unknown]> => {
  const value = schema[keyword]
  if (value === undefined) return []
  return isObject(value) ? Object.entries(value) : refuse("must be an object", keyword)
}

const partsOf = (reading: Reading, keyword: string) => {
  const value = reading.schema[keyword]
  if (value === undefined) return undefined
  return isArray(value) ? value : reading.refuse("must be an array of schemas", keyword)
}

// --- Arrays -------------------------------------------------------------------------------------

export const arrayKeywords = (reading: Reading): void => {
  const { add, dialect, refuse, schema } = reading
  const { items, additionalItems } = schema
  const tuple = dialect === "draft-07" ? (isArray(items) ? "items" : undefined) : "prefixItems"
  if (dialect === "2020-12" && isArray(items)) refuse("must be a schema; see prefixItems", "items")
  const places = tuple === undefined ? undefined : partsOf(reading, tuple)
  const prefix = (places ?? []).map((part, at) => reading.part(part, tuple ?? "", String(at)))
  const restKeyword = dialect === "draft-07" && isArray(items) ? "additionalItems" : "items"
  const restSchema = restKeyword === "items" ? items : additionalItems
  const rest = restSchema === undefined ? undefined : reading.part(restSchema, restKeyword)
  if (prefix.length > 0 || rest !== undefined) {
    add((value, run) => {
      if (!isArray(value)) return undefined
      const end = rest === undefined ? Math.min(prefix.length, value.length) : value.length
      for (let at = 0; at < end; at++) {
        const fault = (prefix[at] ?? rest)?.check(value[at], run)
        if (fault !== undefined) return faultAt(at, fault)
      }
      return undefined
    })
  }
  if (schema["contains"] !== undefined) containsKeyword(reading)
}

const containsKeyword = (reading: Reading): void => {
  const { add, refuse, schema } = reading
  const part = reading.part(schema["contains"], "contains")
  const count = (keyword: string, absent: number): number => {
    const value = schema[keyword]
    if (value === undefined) return absent
    return typeof value === "number" ? value : refuse("must be a number", keyword)
  }
  const least = count("minContains", 1)
  const most = count("maxContains", Number.POSITIVE_INFINITY)
  add((value, run) => {
    if (!isArray(value)) return undefined
    let found = 0
    for (const item of value) if (part.matches(item, run)) found++
    if (found < least) return faultOf(`must contain at least ${least} of the items required`)
    return found > most ? faultOf(`must contain at most ${most} of such items`) : undefined
  })
}

// --- Objects ------------------------------------------------------------------------------------

export const objectKeywords = (reading: Reading): void => {
  const { add, schema } = reading
  const properties = membersOf(reading, "properties").map(
    ([name, part]) => [name, reading.part(part, "properties", name)] as const,
  )
  if (properties.length > 0) {
    add((value, run) => {
      if (!isObject(value)) return undefined
      for (const [name, part] of properties) {
        if (!has(value, name)) continue
        const fault = part.check(value[name], run)
        if (fault !== undefined) return faultAt(name, fault)
      }
      return undefined
    })
  }
  const patterns = membersOf(reading, "patternProperties").map(
    ([source, part]) =>
      [
        reading.pattern(source, "patternProperties", source),
        reading.part(part, "patternProperties", source),
      ] as const,
  )
  const additional =
    schema["additionalProperties"] === undefined
      ? undefined
      : reading.part(schema["additionalProperties"], "additionalProperties")
  if (patterns.length > 0 || additional !== undefined) {
    const declared = new Set(properties.map(([name]) => name))
    add((value, run) => otherMembers(value, run, declared, patterns, additional))
  }
  if (schema["propertyNames"] !== undefined) {
    const names = reading.part(schema["propertyNames"], "propertyNames")
    add((value, run) => {
      if (!isObject(value)) return undefined
      for (const name of Object.keys(value)) {
        const fault = names.check(name, run)
        if (fault !== undefined) return faultAt(name, faultOf(`has a name that ${fault.reason}`))
      }
      return undefined
    })
  }
  dependencies(reading)
}

const otherMembers = (
  value: unknown,
  run: Run,
  declared: ReadonlySet<string>,
  patterns: ReadonlyArray<readonly [Pattern, SchemaNode]>,
  additional: SchemaNode | undefined,
): SchemaFault | undefined => {
  if (!isObject(value)) return undefined
  for (const name of Object.keys(value)) {
    run.spend(1)
    const member = value[name]
    if (member === undefined) continue
    let isKnown = declared.has(name)
    for (const [pattern, part] of patterns) {
      if (!pattern.isIn(name, run)) continue
      isKnown = true
      const fault = part.check(member, run)
      if (fault !== undefined) return faultAt(name, fault)
    }
    const fault = isKnown ? undefined : additional?.check(member, run)
    if (fault !== undefined) return faultAt(name, fault)
  }
  return undefined
}

const dependencies = (reading: Reading): void => {
  const { add, dialect, refuse, schema, take } = reading
  const dependent = (name: string, part: SchemaNode) =>
    add((value, run) => (isObject(value) && has(value, name) ? part.check(value, run) : undefined))
  for (const [name, names] of membersOf(reading, "dependentRequired")) {
    take(dependentRequiredCheck(name, names), "dependentRequired", name)
  }
  for (const [name, part] of membersOf(reading, "dependentSchemas")) {
    dependent(name, inPlace(reading, part, "dependentSchemas", name))
  }
  if (schema["dependencies"] === undefined) return
  if (dialect !== "draft-07") refuse("is of draft-07; see dependentRequired", "dependencies")
  for (const [name, what] of membersOf(reading, "dependencies")) {
    if (isArray(what)) take(dependentRequiredCheck(name, what), "dependencies", name)
    else dependent(name, inPlace(reading, what, "dependencies", name))
  }
}

// --- Several schemas for one value --------------------------------------------------------------

export const combiningKeywords = (reading: Reading): void => {
  const { add, schema } = reading
  const several = (keyword: string) =>
    partsOf(reading, keyword)?.map((part, at) => inPlace(reading, part, keyword, String(at)))
  for (const part of several("allOf") ?? []) add((value, run) => part.check(value, run))
  const any = several("anyOf")
  if (any !== undefined) {
    add((value, run) =>
      any.some((part) => part.matches(value, run))
        ? undefined
        : faultOf("matches none of the schemas allowed (anyOf)"),
    )
  }
  const one = several("oneOf")
  if (one !== undefined) {
    add((value, run) => {
      const found = one.filter((part) => part.matches(value, run)).length
      return found === 1 ? undefined : faultOf(`matches ${found} schemas instead of one (oneOf)`)
    })
  }
  if (schema["not"] !== undefined) {
    const part = inPlace(reading, schema["not"], "not")
    add((value, run) =>
      part.matches(value, run) ? faultOf("matches what is not allowed (not)") : undefined,
    )
  }
  if (schema["if"] !== undefined) {
    const condition = inPlace(reading, schema["if"], "if")
    const branch = (keyword: "then" | "else") =>
      schema[keyword] === undefined ? undefined : inPlace(reading, schema[keyword], keyword)
    const [then, otherwise] = [branch("then"), branch("else")]
    add((value, run) => (condition.matches(value, run) ? then : otherwise)?.check(value, run))
  }
}
