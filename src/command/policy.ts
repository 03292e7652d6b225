import { command } from './command.ts'
import { checkPolicy } from './policy-check.ts'
import { diffPolicy } from './policy-diff.ts'

export const policy = command({
  process: 'policy',
  about: 'Look for mistakes in a policy, or try it on the decisions made last.',
  usage: `dvara policy check FILE [--permissions FILE] [--json] [settings]
       dvara policy diff FILE [--permissions FILE] [--last N] [--json] [--fail-on-change]
                              [settings]

  check                  rows that are never reached, patterns that are none, roles without rights;
                         exit 0 if all is well, 1 if not, 2 if the file is no policy
  diff                   asks the authorizer behind DVARA_OPS_LISTEN for its last decisions and
                         says which of them this policy would have made differently
  --permissions FILE     permission rows as YAML or JSON, if they are not in the first file; else
                         those of the database, if DVARA_DATABASE_URL is set
  --last N               so many decisions, at most 1000 (default 1000)
  --fail-on-change       exit 1 if anything would change
  --json                 print one JSON document`,
  own: {
    flags: ['json', 'fail-on-change'],
    options: ['permissions', 'last'],
    wordsMax: 2,
  },
  async run({ config, flags, options, words }) {
    const [word, file] = words
    if (file === undefined || (word !== 'check' && word !== 'diff')) {
      process.stderr.write('dvara policy: say check FILE or diff FILE; see dvara policy --help\n')
      return 2
    }
    const given = {
      ...{ config, file, permissionsFile: options.get('permissions') },
      isJson: flags.has('json'),
      print: (text: string) => void process.stdout.write(text),
    }
    if (word === 'check') return checkPolicy(given)
    return diffPolicy({
      ...given,
      last: options.get('last') ?? '1000',
      isChangeFailure: flags.has('fail-on-change'),
    })
  },
})
