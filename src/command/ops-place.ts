import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Loaded } from '../config/load.ts'
import { type ListenAddress, listenAddress } from '../config/parsers.ts'

/** Where the ops listener is: as set, or as a running `dvara dev` wrote down. */
export async function findOpsPlace({
  config,
  sources,
}: Pick<Loaded<'explain' | 'members'>, 'config' | 'sources'>): Promise<ListenAddress> {
  if (sources.opsListen !== 'default') return config.opsListen
  try {
    const text = await readFile(join(config.dataDirectory, 'dev.json'), 'utf8')
    const { ops } = JSON.parse(text) as { ops?: string }
    return listenAddress.parse((ops ?? '').replace(/^http:\/\//, '')) ?? config.opsListen
  } catch {
    return config.opsListen
  }
}
