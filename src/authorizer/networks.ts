import { compileNetworks, type NetworkSet } from '../core/network.ts'

/** Settings have been parsed: a network that cannot be compiled here is a bug. */
export function networksOf(cidrs: readonly string[]): NetworkSet {
  const compiled = compileNetworks(cidrs)
  if (compiled.kind === 'refused') throw new Error(`not networks: ${compiled.bad.join(', ')}`)
  return compiled.networks
}
