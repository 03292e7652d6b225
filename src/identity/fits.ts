import type { Shape } from './shape.ts'

/** Whether a value, as parsed from JSON, is what the shape says. */
export type Fits = (shape: Shape, value: unknown) => boolean

let opening: Promise<Fits> | undefined

/** TypeBox's check of JSON Schema, loaded once, after the listener is up: nobody waits for it. */
export function openFits(): Promise<Fits> {
  opening ??= import('typebox/schema').then(({ Check }) => Check)
  return opening
}

interface Declared {
  readonly properties: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * What of `value` the shape declares: what an endpoint answers by mistake does not leave the
 * process. Throws where what is declared is missing or of another type: that is a bug.
 */
export function pickDeclared(fits: Fits, shape: Shape, value: unknown): unknown {
  const { items } = shape as { readonly items?: Shape }
  if (Array.isArray(value) && items !== undefined) {
    return value.map((one) => pickDeclared(fits, items, one))
  }
  if (isObject(value) && 'properties' in shape)
    return pickProperties(fits, shape as Declared, value)
  if (!fits(shape, value)) throw new Error('an answer is not what its shape declares')
  return value
}

function pickProperties(
  fits: Fits,
  shape: Declared,
  value: Record<string, unknown>,
): Record<string, unknown> {
  const { properties, required = [], additionalProperties } = shape
  const picked: Record<string, unknown> = additionalProperties === true ? { ...value } : {}
  for (const [name, property] of Object.entries(properties)) {
    const own = value[name]
    if (own !== undefined) picked[name] = pickDeclared(fits, property, own)
    else if (required.includes(name)) throw new Error(`an answer lacks ${name}`)
  }
  return picked
}
