import { register } from 'node:module'

/**
 * For `node --import`: the product starts as it is shipped but for its lease, which is one that is
 * always live; behind `?keep` it stays its own, so that both are loaded in the same way.
 */
const isKept = new URL(import.meta.url).search === '?keep'
register('./exchange-lease-hooks.js', { parentURL: import.meta.url, data: { isKept } })
