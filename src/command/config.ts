import { renderConfig, renderConfigJson } from '../config/render.ts'
import { command } from './command.ts'

export const config = command({
  process: 'config',
  about: 'Print what is in force and where each value comes from, secrets masked.',
  usage: 'dvara config [--json] [settings]',
  own: { flags: ['json'] },
  async run({ config, sources, flags }) {
    const render = flags.has('json') ? renderConfigJson : renderConfig
    process.stdout.write(render(config, sources))
    return 0
  },
})
