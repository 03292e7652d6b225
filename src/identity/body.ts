import type { FastifyInstance } from 'fastify'

/** Larger bodies are refused before they are read whole. */
export const BODY_BYTES_MAX = 64 * 1024
/** Nothing here nests deeper than an object in an object. */
export const BODY_DEPTH_MAX = 8
/** A form has no more fields than this. */
export const FORM_FIELDS_MAX = 64

/** The body cannot be read as what it claims to be: the caller's doing, so a status of 400. */
class UnreadableBody extends Error {
  readonly statusCode = 400

  constructor() {
    super('unreadable body')
    this.name = 'UnreadableBody'
  }
}

/** Whether brackets outside strings open more than `depthMax` levels; one pass, no recursion. */
export function isTooDeep(text: string, depthMax: number): boolean {
  let depth = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isInString) {
      if (code === 0x5c) at++
      else if (code === 0x22) isInString = false
    } else if (code === 0x22) {
      isInString = true
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) return true
    } else if (code === 0x7d || code === 0x5d) {
      depth--
    }
  }
  return false
}

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/** The object in a JSON text, without a prototype; undefined if it is anything else. */
export function parseJsonBody(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {}
  if (isTooDeep(text, BODY_DEPTH_MAX)) return undefined
  let isForbidden = false
  let value: unknown
  try {
    value = JSON.parse(text, (key, inner) => {
      if (FORBIDDEN_KEYS.has(key)) isForbidden = true
      return inner
    })
  } catch {
    return undefined
  }
  if (isForbidden || typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined
  }
  return value as Record<string, unknown>
}

/** The fields of a form; undefined if one is repeated, because two readers would differ. */
export function parseFormBody(text: string): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = Object.create(null)
  let fieldsCount = 0
  for (const [name, value] of new URLSearchParams(text)) {
    if (++fieldsCount > FORM_FIELDS_MAX) return undefined
    if (FORBIDDEN_KEYS.has(name) || Object.hasOwn(fields, name)) return undefined
    fields[name] = value
  }
  return fields
}

const PARSERS = {
  'application/json': parseJsonBody,
  'application/x-www-form-urlencoded': parseFormBody,
} as const

/** Teaches `app` the two body types that Barong's clients send, and only these. */
export function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  for (const [type, parse] of Object.entries(PARSERS)) {
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, text, reply) => {
      const body = parse(text as string)
      if (body === undefined) reply(new UnreadableBody(), undefined)
      else reply(null, body)
    })
  }
}
