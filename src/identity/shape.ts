declare const TYPE: unique symbol
/** Not a word of JSON Schema, so under a symbol: the document says it in `required`. */
const OPTIONAL: unique symbol = Symbol('optional')

/**
 * A JSON Schema that is a TypeScript type too: plain data, of the few words that `fits` knows.
 * `T` is what `Static` reads; nothing holds it when the program runs.
 */
export interface Shape<T = unknown> {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Shape
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Shapes
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly description?: string
  /** The public code for a value that does not fit; else it is made of the parameter's name. */
  readonly refusal?: string
  readonly [OPTIONAL]?: true
  readonly [TYPE]?: T
}

export type Shapes = Readonly<Record<string, Shape>>

export interface ObjectShape<P extends Shapes = Shapes> extends Shape<StaticObject<P>> {
  readonly type: 'object'
  readonly properties: P
}

interface Optional {
  readonly [OPTIONAL]: true
}

type OptionalNames<P> = { [K in keyof P]: P[K] extends Optional ? K : never }[keyof P]

type StaticObject<P extends Shapes> = {
  readonly [K in Exclude<keyof P, OptionalNames<P>>]: Static<P[K]>
} & {
  readonly [K in OptionalNames<P>]?: Static<P[K]>
}

/** The type of the values that fit a shape. */
export type Static<S> = S extends { readonly [TYPE]?: infer T } ? T : never

type Words<K extends keyof Shape> = Pick<Shape, K | 'description' | 'refusal'>
type StringWords = Words<'enum' | 'minLength' | 'maxLength' | 'pattern'>
type NumberWords = Words<'minimum' | 'maximum'>
type ArrayWords = Words<'minItems' | 'maxItems'>

/** Builds shapes. An object's undeclared properties are dropped, unless it allows them. */
export const Type = {
  String: (words: StringWords = {}): Shape<string> => ({ type: 'string', ...words }),
  Integer: (words: NumberWords = {}): Shape<number> => ({ type: 'integer', ...words }),
  Number: (words: NumberWords = {}): Shape<number> => ({ type: 'number', ...words }),
  Boolean: (words: Words<never> = {}): Shape<boolean> => ({ type: 'boolean', ...words }),
  /** Anything at all. */
  Unknown: (words: Words<never> = {}): Shape => ({ ...words }),
  /** The caller vouches that `words` describe a `T`. */
  Unsafe: <T>(words: Omit<Shape, typeof OPTIONAL | typeof TYPE>): Shape<T> => ({ ...words }),
  Array: <S extends Shape>(items: S, words: ArrayWords = {}): Shape<readonly Static<S>[]> => ({
    type: 'array',
    items,
    ...words,
  }),
  Optional: <S extends Shape>(shape: S): S & Optional => ({ ...shape, [OPTIONAL]: true }),
  Object: <P extends Shapes>(
    properties: P,
    words: Words<'additionalProperties'> = {},
  ): ObjectShape<P> => {
    const required = Object.keys(properties).filter((name) => !properties[name]?.[OPTIONAL])
    return { type: 'object', ...(required.length === 0 ? {} : { required }), properties, ...words }
  },
} as const
