import type { Shape, Shapes } from './shape.ts'

/** Whether `value`, as parsed from JSON, is what the shape says. */
export function fits(shape: Shape, value: unknown): boolean {
  if (shape.enum !== undefined && !shape.enum.includes(value)) return false
  if (!isOfType(shape.type, value)) return false
  if (typeof value === 'string') return fitsString(shape, value)
  if (typeof value === 'number') return fitsNumber(shape, value)
  if (Array.isArray(value)) return fitsArray(shape, value)
  return isObject(value) ? fitsObject(shape, value) : true
}

function isOfType(type: Shape['type'], value: unknown): boolean {
  if (type === undefined) return true
  if (typeof type !== 'string') return type.some((one) => isOfType(one, value))
  switch (type) {
    case 'null':
      return value === null
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return Number.isFinite(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'string':
    case 'boolean':
      return typeof value === type
    default:
      // A word that nobody knows would let everything through.
      throw new Error(`a shape's type is ${type}, which is none`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const patterns = new Map<string, RegExp>()

function fitsString({ minLength, maxLength, pattern }: Shape, value: string): boolean {
  if (minLength !== undefined && lengthOf(value) < minLength) return false
  if (maxLength !== undefined && value.length > maxLength && lengthOf(value) > maxLength) {
    return false
  }
  return pattern === undefined || regExpOf(pattern).test(value)
}

/** In code points, as JSON Schema counts. */
function lengthOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** Patterns come from shapes alone, so there are as many as the source has. */
function regExpOf(pattern: string): RegExp {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    compiled = new RegExp(pattern, 'u')
    patterns.set(pattern, compiled)
  }
  return compiled
}

function fitsNumber({ minimum, maximum }: Shape, value: number): boolean {
  return (minimum === undefined || value >= minimum) && (maximum === undefined || value <= maximum)
}

function fitsArray({ items, minItems, maxItems }: Shape, value: readonly unknown[]): boolean {
  if (minItems !== undefined && value.length < minItems) return false
  if (maxItems !== undefined && value.length > maxItems) return false
  return items === undefined || value.every((one) => fits(items, one))
}

function fitsObject(shape: Shape, value: Record<string, unknown>): boolean {
  const { properties = {}, required = [], additionalProperties } = shape
  if (required.some((name) => !Object.hasOwn(value, name))) return false
  for (const [name, one] of Object.entries(value)) {
    const own = propertyOf(properties, name)
    if (own === undefined ? additionalProperties === false : !fits(own, one)) return false
  }
  return true
}

function propertyOf(properties: Shapes, name: string): Shape | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}

/**
 * What of `value` the shape declares: what an endpoint answers by mistake does not leave the
 * process. Throws where what is declared is missing or of another type: that is a bug.
 */
export function pickDeclared(shape: Shape, value: unknown): unknown {
  if (Array.isArray(value) && shape.items !== undefined) {
    const { items } = shape
    return value.map((one) => pickDeclared(items, one))
  }
  if (isObject(value) && shape.properties !== undefined) return pickProperties(shape, value)
  if (!fits(shape, value)) throw new Error('an answer is not what its shape declares')
  return value
}

function pickProperties(shape: Shape, value: Record<string, unknown>): Record<string, unknown> {
  const { properties = {}, required = [], additionalProperties } = shape
  const picked: Record<string, unknown> = additionalProperties === true ? { ...value } : {}
  for (const [name, property] of Object.entries(properties)) {
    const own = value[name]
    if (own !== undefined) picked[name] = pickDeclared(property, own)
    else if (required.includes(name)) throw new Error(`an answer lacks ${name}`)
  }
  return picked
}
