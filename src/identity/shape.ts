import type {
  Static,
  TArray,
  TBoolean,
  TInteger,
  TNumber,
  TObject,
  TOptional,
  TProperties,
  TSchema,
  TString,
  TUnknown,
  TUnsafe,
} from 'typebox'

/** The type of the values that fit a shape. */
export type { Static }

type TypeName = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null'

/** The words of JSON Schema that shapes are made of. */
export interface Words {
  /** Checked by the compiler: a name that nobody knows would let everything through. */
  readonly type?: TypeName | readonly TypeName[]
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly additionalProperties?: boolean
  readonly description?: string
  /** The public code for a value that does not fit; else it is made of the parameter's name. */
  readonly refusal?: string
}

/** A JSON Schema that is a TypeScript type too. */
export type Shape = TSchema
export type ObjectShape<P extends TProperties = TProperties> = TObject<P>

/** Not a word of JSON Schema, so under a symbol: the document says it in `required`. */
const OPTIONAL: unique symbol = Symbol('optional')

const make = <T extends TSchema>(words: object): T => ({ ...words }) as T

/**
 * Builds shapes, typed by TypeBox. Its own builders take a third of the identity API's start to
 * load, so the few that are used here are written as the plain JSON Schema that they make.
 */
export const Type = {
  String: (words: Words = {}) => make<TString>({ type: 'string', ...words }),
  Integer: (words: Words = {}) => make<TInteger>({ type: 'integer', ...words }),
  Number: (words: Words = {}) => make<TNumber>({ type: 'number', ...words }),
  Boolean: (words: Words = {}) => make<TBoolean>({ type: 'boolean', ...words }),
  /** Anything at all. */
  Unknown: (words: Words = {}) => make<TUnknown>(words),
  /** The caller vouches that `words` describe a `T`. */
  Unsafe: <T>(words: Words) => make<TUnsafe<T>>(words),
  Array: <S extends TSchema>(items: S, words: Words = {}) =>
    make<TArray<S>>({ type: 'array', items, ...words }),
  Optional: <S extends TSchema>(shape: S) => make<TOptional<S>>({ ...shape, [OPTIONAL]: true }),
  /** Undeclared properties are dropped, unless `additionalProperties` allows them. */
  Object: <P extends TProperties>(properties: P, words: Words = {}): TObject<P> => {
    const required = Object.keys(properties).filter((name) => !isOptional(properties[name]))
    const said = required.length === 0 ? {} : { required }
    return make({ type: 'object', ...said, properties, ...words })
  },
} as const

function isOptional(shape: TSchema | undefined): boolean {
  return shape !== undefined && OPTIONAL in shape
}
