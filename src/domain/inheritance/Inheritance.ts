/**
 * How the settings of a namespace inherit from its host type.
 *
 * Every field belongs to one unit, and a unit is inherited whole or not at all. A secret and the URL
 * that it is for are one unit: whoever overrides one of them supplies both, so that no secret of the
 * operator ever goes to a URL of a tenant. `null` says "nothing here", and overrides too; `undefined`
 * and an absent field say nothing.
 */

/** Assigns every field of `Settings` to a unit. A field alone in its unit is inherited by itself. */
export type UnitTable<Settings extends object> = {
  readonly [Field in keyof Settings]-?: string
}

/** What one level says: a value, `null` to clear, or nothing. */
export type Overrides<Settings extends object> = {
  readonly [Field in keyof Settings]?: Exclude<Settings[Field], undefined> | null | undefined
}

/** What holds in the end: a value or nothing. */
export type Effective<Settings extends object> = {
  readonly [Field in keyof Settings]?: NonNullable<Overrides<Settings>[Field]>
}

/** Where the fields of a unit come from. */
export type Origin = "default" | "override" | "unset"

const fieldsOf = <Settings extends object>(units: UnitTable<Settings>) =>
  Object.keys(units) as Array<keyof Settings & string>

const valueOf = <Settings extends object, Field extends keyof Settings>(
  level: Overrides<Settings>,
  field: Field,
): Overrides<Settings>[Field] => (Object.hasOwn(level, field) ? level[field] : undefined)

/** The units that a level says anything about. */
const unitsSetBy = <Settings extends object>(
  units: UnitTable<Settings>,
  level: Overrides<Settings>,
): ReadonlySet<string> =>
  new Set(
    fieldsOf(units)
      .filter((field) => valueOf(level, field) !== undefined)
      .map((field) => units[field]),
  )

/**
 * Puts one level over another, unit by unit, keeping what is cleared. It is associative and
 * idempotent, `{}` is its neutral element, and fields that the table does not name are left out.
 */
export const overlaySettings = <Settings extends object>(
  units: UnitTable<Settings>,
  lower: Overrides<Settings>,
  upper: Overrides<Settings>,
): Overrides<Settings> => {
  const overridden = unitsSetBy(units, upper)
  const result: { -readonly [Field in keyof Settings]?: Overrides<Settings>[Field] } = {}
  for (const field of fieldsOf(units)) {
    const value = valueOf(overridden.has(units[field]) ? upper : lower, field)
    if (value !== undefined) result[field] = value
  }
  return result
}

/** The settings that hold for a namespace: its overrides over the defaults of its host type. */
export const mergeSettings = <Settings extends object>(
  units: UnitTable<Settings>,
  defaults: Overrides<Settings>,
  overrides: Overrides<Settings>,
): Effective<Settings> => {
  const level = overlaySettings(units, defaults, overrides)
  const result: { -readonly [Field in keyof Settings]?: Effective<Settings>[Field] } = {}
  for (const field of fieldsOf(units)) {
    const value = level[field]
    if (value !== undefined && value !== null) result[field] = value
  }
  return result
}

/** Where a field comes from, to explain a namespace's settings. */
export const originOf = <Settings extends object>(
  units: UnitTable<Settings>,
  defaults: Overrides<Settings>,
  overrides: Overrides<Settings>,
  field: keyof Settings,
): Origin => {
  if (unitsSetBy(units, overrides).has(units[field])) return "override"
  return unitsSetBy(units, defaults).has(units[field]) ? "default" : "unset"
}
