/**
 * JSON data: whether a value of this process can be written as JSON and read back unchanged.
 * A value read from JSON text can fail too: a number beyond a double is read as infinite.
 */

export type JsonFault =
  | { readonly kind: "shape"; readonly path: string; readonly reason: string }
  | { readonly kind: "depth"; readonly path: string }
  | { readonly kind: "size"; readonly path: string; readonly counted: number }

/**
 * The first thing in `value` that is not JSON, nested deeper than `maxDepth`, or beyond
 * `maxBytes` (a lower bound of the written size, which also ends shared structures that
 * would be exponentially long when written). Cycles end at the depth limit.
 */
export const jsonFault = (
  value: unknown,
  path: string,
  maxDepth: number,
  maxBytes: number,
): JsonFault | undefined => walk(value, path, maxDepth, { counted: 0, maxBytes })

interface Meter {
  counted: number
  readonly maxBytes: number
}

const walk = (
  value: unknown,
  path: string,
  depthLeft: number,
  meter: Meter,
): JsonFault | undefined => {
  meter.counted += typeof value === "string" ? value.length + 2 : 1
  if (meter.counted > meter.maxBytes) return { kind: "size", path, counted: meter.counted }
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined
    case "number":
      return Number.isFinite(value) ? undefined : shape(path, "must be a finite number")
    case "object":
      if (value === null) return undefined
      if (depthLeft === 0) return { kind: "depth", path }
      if (isArray(value)) return walkArray(value, path, depthLeft - 1, meter)
      return isRecord(value) ? walkObject(value, path, depthLeft - 1, meter) : undefined
    default:
      return shape(path, `must be JSON, not ${typeof value}`)
  }
}

const walkArray = (
  values: ReadonlyArray<unknown>,
  path: string,
  depthLeft: number,
  meter: Meter,
): JsonFault | undefined => {
  for (let i = 0; i < values.length; i++) {
    const fault = walk(values[i], path, depthLeft, meter)
    if (fault !== undefined)
      return { ...fault, path: `${path}[${i}]${fault.path.slice(path.length)}` }
  }
  return undefined
}

const walkObject = (
  value: Readonly<Record<string, unknown>>,
  path: string,
  depthLeft: number,
  meter: Meter,
): JsonFault | undefined => {
  if (!isPlain(value)) return shape(path, "must be plain JSON, not an instance: encode it first")
  for (const name of Object.keys(value)) {
    const member = value[name]
    // An optional property that is present and undefined is left out of JSON.
    if (member === undefined) continue
    meter.counted += name.length + 3
    const fault = walk(member, path, depthLeft, meter)
    if (fault !== undefined)
      return { ...fault, path: `${path}.${name}${fault.path.slice(path.length)}` }
  }
  return undefined
}

const isArray: (value: unknown) => value is ReadonlyArray<unknown> = Array.isArray

const isPlain = (value: object) => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const shape = (path: string, reason: string): JsonFault => ({ kind: "shape", path, reason })

/** A JSON object, or what can stand for one. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
