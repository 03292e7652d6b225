import type { FastifyServerOptions } from 'fastify'

type Compilers = NonNullable<
  NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']
>

/**
 * Instead of Fastify's own, whose loading alone takes a tenth of a start: parameters are read and
 * answers are shaped by `mount.ts`, by the endpoint's own shapes.
 */
export const COMPILERS = {
  buildValidator: (() => () => () => true) as unknown as NonNullable<Compilers['buildValidator']>,
  buildSerializer: () => () => (value: unknown) => JSON.stringify(value),
} satisfies Compilers
