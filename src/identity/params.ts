import type { Fits } from './fits.ts'
import type { ObjectShape, Shape, Words } from './shape.ts'

/** Where a parameter may stand: the path, the query, the body. */
export type Source = Readonly<Record<string, unknown>>

export type ParamsRead =
  | { readonly ok: true; readonly params: Record<string, unknown> }
  | { readonly ok: false; readonly codes: readonly string[] }

const INTEGER = /^-?[0-9]{1,15}$/

/** Forms and queries know text only; a whole number or a boolean is what its text says. */
function fromText(shape: Shape, value: unknown): unknown {
  if (typeof value !== 'string') return value
  const { type } = shape as Words
  if (type === 'integer') return INTEGER.test(value) ? Number(value) : value
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return value
}

/**
 * The declared parameters, and nothing else, from `sources`; or every complaint in Barong's words:
 * `<class>.missing_<p>`, `.empty_<p>`, or the shape's own `refusal`, else `.invalid_<p>`.
 * A parameter given in two places is invalid: there would be two readings of it.
 */
export function readParams(
  fits: Fits,
  shape: ObjectShape,
  codeClass: string,
  sources: readonly Source[],
): ParamsRead {
  const params: Record<string, unknown> = {}
  const codes: string[] = []
  const required = new Set(shape.required)
  for (const [name, property] of Object.entries(shape.properties)) {
    const given = sources.filter((from) => Object.hasOwn(from, name) && from[name] != null)
    const value = fromText(property, given[0]?.[name])
    const isBlank = typeof value === 'string' && value.trim() === ''
    if (given.length > 1) {
      codes.push(`${codeClass}.invalid_${name}`)
    } else if (given.length === 0) {
      if (required.has(name)) codes.push(`${codeClass}.missing_${name}`)
    } else if (isBlank) {
      if (required.has(name)) codes.push(`${codeClass}.empty_${name}`)
    } else if (!fits(property, value)) {
      codes.push((property as Words).refusal ?? `${codeClass}.invalid_${name}`)
    } else {
      params[name] = value
    }
  }
  return codes.length === 0 ? { ok: true, params } : { ok: false, codes }
}
