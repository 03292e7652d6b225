import type { Dialect } from './dialect.ts'
import { createForward } from './forward.ts'

/**
 * HAProxy with its Lua auth-request. It sends a HEAD of a fixed path and none of the original
 * request by itself: the configuration sets the X-Forwarded headers, each with `set-header`,
 * before it asks.
 */
export const haproxy: Dialect = createForward('haproxy')
