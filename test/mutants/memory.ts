import { type Mutation, mutationsOf } from './mutation.ts'

/** Signed requests on their way, and what is remembered. */
export const MEMORY: readonly Mutation[] = [
  ...mutationsOf('authorizer/api-keys.ts', 'authorizer/api-keys-meanwhile', [
    [
      'rules-not-asked-after-burn',
      'if (entry !== judged || current !== policy) {',
      'if (entry !== judged) {',
    ],
    [
      'lease-ignored-after-burn',
      'if (!belief.isLive()) return undefined\n    if (entry',
      'if (entry',
    ],
    [
      'burned-request-not-decided-again',
      'belief.keeping(() => concludeBurned(asking, judged, policy))',
      'concludeBurned(asking, judged, policy)',
    ],
    ['key-lease-ignored-after-load', 'if (!belief.isLive()) return undefined\n    found', 'found'],
    ['forgotten-key-believed', 'if (entry?.isForgotten !== true) return entry', 'return entry'],
  ]),
  ...mutationsOf('authorizer/api-keys.ts', 'authorizer/restricted', [
    [
      'key-restriction-not-asked-after-load',
      'return restrict.screen(check, found, policies.current()) ?? conclude',
      'return conclude',
    ],
    [
      'key-restriction-not-asked-after-burn',
      '      if (restricted !== undefined) return restricted\n',
      '',
    ],
  ]),
  ...mutationsOf('authorizer/api-keys.ts', 'authorizer/api-keys', [
    [
      'nonce-not-burned',
      'return version === 2 ? !isSafeMethod(check.method) : keys.isV1Once',
      'return version === 2 ? false : keys.isV1Once',
    ],
    [
      'replay-setting-ignored',
      '!isSafeMethod(check.method) : keys.isV1Once',
      '!isSafeMethod(check.method) : false',
    ],
    [
      'nonce-burned-before-deny',
      '    if (refused !== undefined) return refused\n    const { key, principal }',
      '    if (refused) return burn(request).then(() => refused)\n    const { key, principal }',
    ],
    [
      'used-nonce-passes',
      "return outcome === 'burned' ? undefined :",
      "return outcome !== 'full' ? undefined :",
    ],
    [
      'full-nonces-pass',
      "return outcome === 'burned' ? undefined :",
      "return outcome !== 'used' ? undefined :",
    ],
    [
      'key-not-asked-after-burn',
      'const entry = judged.isForgotten ? await find(request.kid) : judged',
      'const entry = judged',
    ],
    ['key-lease-ignored', '    if (!belief.isLive(atMs, now)) {', '    if (false) {'],
    [
      'any-algorithm-for-version-1',
      'const { verify } = isPossible ? verifier : decoy',
      'const { verify } = verifier',
    ],
    [
      'signature-ignored',
      'if (!verify(request.form, request.signature)) return',
      "if (!verify(request.form, request.signature) && request.signature === '') return",
    ],
    [
      'unknown-key-answers-at-once',
      '      keys.decoy.verify(request.form, request.signature)\n',
      '',
    ],
    [
      'nonce-window-inclusive',
      'Math.abs(now - nonceMs) >= nonceLifetimeMs',
      'Math.abs(now - nonceMs) > nonceLifetimeMs',
    ],
    [
      'nonce-of-the-future',
      'Math.abs(now - nonceMs) >= nonceLifetimeMs',
      'now - nonceMs >= nonceLifetimeMs',
    ],
  ]),
  ...mutationsOf('authorizer/api-keys.ts', 'authorizer/limits', [
    [
      'limit-charges-the-named-key',
      'current()\n    const refused',
      'current()\n    limits.admitProven(check, policy, {}, entry.usable.key)\n    const refused',
    ],
  ]),
  ...mutationsOf('authorizer/open-facts.ts', 'authorizer/open-facts', [
    ['overtaken-load-believed', '|| !memory.ring.admits(seq, namesOf(id, found))', ''],
    [
      'epoch-of-a-load-not-compared',
      'epoch === follower.epoch() && seq <= follower.appliedSeq()',
      'seq <= follower.appliedSeq()',
    ],
    [
      'load-ahead-of-the-log-believed',
      'epoch === follower.epoch() && seq <= follower.appliedSeq()',
      'epoch === follower.epoch()',
    ],
    ['one-heartbeat-is-enough', 'const BEATS_MAX = 2', 'const BEATS_MAX = 1'],
  ]),
  ...mutationsOf('authorizer/open-facts.ts', 'authorizer/api-keys', [
    ['overtaken-key-believed', '|| !memory.ring.admits(seq, namesOf(id, found))', ''],
  ]),
  ...mutationsOf('authorizer/follow.ts', 'authorizer/follow', [
    ['epoch-not-compared', 'if (head.epoch !== epoch) {', 'if (epoch === undefined) {'],
    ['memory-survives-a-new-epoch', '    remembered.facts.forgetAll()\n', ''],
    ['ring-survives-a-new-epoch', '    remembered.ring.reset(from)\n', ''],
    ['earlier-sealing-followed', 'epochNumberOf(head.epoch) < position.latestSealing()', 'false'],
    [
      'pushes-of-a-later-sealing-not-heeded',
      'Math.max(epoch === undefined ? 0 : epochNumberOf(epoch), epochNumberOfSeq(headSeq))',
      'epoch === undefined ? 0 : epochNumberOf(epoch)',
    ],
    [
      'gap-in-the-log-believed',
      'if (missed === undefined) position.startOver(head.seq)',
      'if (missed === undefined) lease.grant(sentAtMs, wallAtMs)',
    ],
    [
      'lease-from-the-answer',
      'lease.grant(sentAtMs, wallAtMs)',
      'lease.grant(clock.monotonicMs(), wallAtMs)',
    ],
  ]),
  ...mutationsOf('cache/ring.ts', 'cache/ring', [
    [
      'ring-not-consulted',
      'names.every((name) => (seqByName.get(name) ?? 0) <= seq)',
      'names.length >= 0',
    ],
    ['ring-has-no-floor', 'seq >= floorSeq && names', 'names'],
  ]),
  ...mutationsOf('cache/lease.ts', 'cache/lease', [
    ['lease-inclusive', 'nowMs < untilMs', 'nowMs <= untilMs'],
  ]),
  ...mutationsOf('cache/apply.ts', 'cache/apply', [
    [
      'key-invalidation-skipped',
      "    case 'user':\n    case 'key':\n",
      "    case 'key':\n      return\n    case 'user':\n",
    ],
    [
      'every-session-is-one',
      'if (message.id === EVERY_SESSION) remembered.facts.forgetAll()\n      else ',
      '',
    ],
    ['invalidation-not-recorded', '  remembered.ring.record(message)\n', ''],
  ]),
  ...mutationsOf('cache/table.ts', 'cache/table', [
    [
      'use-makes-younger',
      'if (!isTooOld(value, atMs)) return value\n',
      'value.bornAtMs = isTooOld(value, atMs) ? value.bornAtMs : atMs\n' +
        '    if (!isTooOld(value, atMs)) return value\n',
    ],
    [
      'number-taken-for-the-id',
      'value === undefined || !isAt(value, text, from, length)',
      'value === undefined',
    ],
  ]),
  ...mutationsOf('authorizer/refresh.ts', 'authorizer/refresh', [
    [
      'stale-while-refreshing',
      'const target = changesKnown\n      await load()\n      changesCompiled = target',
      'await load()\n      changesCompiled = changesKnown',
    ],
  ]),
]
