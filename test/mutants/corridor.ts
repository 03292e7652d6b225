import { type Mutation, mutationsOf } from './mutation.ts'

/** The corridor, what it believes, and what it grants. */
export const CORRIDOR: readonly Mutation[] = [
  ...mutationsOf('authorizer/authorize.ts', 'authorizer/restricted', [
    [
      'decision-before-policy-loaded',
      '    if (policies.areRestrictionsStale()) return authorizeAfterRefresh(check, found)\n',
      '',
    ],
    ['restriction-skipped', '    if (restricted !== undefined) return restricted\n', ''],
    [
      'restriction-not-asked-after-load',
      'return restrict.screen(check, found, policy) ?? conclude(',
      'return conclude(',
    ],
  ]),
  ...mutationsOf('authorizer/authorize.ts', 'authorizer/authorize', [
    [
      'forged-cookie-reaches-the-store',
      'if (entry === undefined && !deps.isSealed(credential.id)) {',
      'if (false) {',
    ],
    [
      'forged-cookie-reaches-the-log',
      'if (!deps.isSealed(credential.id)) return refuseForged(check, found, policy)',
      'if (false) return refuseForged(check, found, policy)',
    ],
    ['lease-ignored', 'if (!belief.isLive(at, now)) {', 'if (false) {'],
    [
      'lease-ignored-after-load',
      'if (stale !== undefined || !belief.isLive()) return stale',
      'if (stale !== undefined) return stale',
    ],
    [
      'old-policy-after-load',
      '    const policy = policies.current()\n    found.source',
      '    const policy = before\n    found.source',
    ],
    ['idle-never-slides', '    if (isUse(verdict)) toucher.touch(entry, now)\n', ''],
  ]),
  ...mutationsOf('authorizer/authorize.ts', 'authorizer/authorize core/decide', [
    ['credential-screen-skipped', '    if (refused !== undefined) return refused\n', ''],
  ]),
  ...mutationsOf('authorizer/belief.ts', 'authorizer/belief authorizer/authorize', [
    [
      'stale-policy-believed',
      '    for (const one of loaded) if (one.isStale()) return false\n',
      '',
    ],
    [
      'policy-alone-is-a-lease',
      'if (!lease.isLive(atMs) || !lease.isSound(atMs, wallAtMs)) return false',
      '',
    ],
    ['frozen-clock-believed', ' || !lease.isSound(atMs, wallAtMs)', ''],
  ]),
  ...mutationsOf('authorizer/belief.ts', 'authorizer/belief', [
    ['beat-is-believed-without-lease', '    return isLive()\n', '    return true\n'],
  ]),
  ...mutationsOf('authorizer/restrict.ts', 'authorizer/restrict', [
    [
      'stale-restrictions-pass',
      '      if (!policies.areRestrictionsStale()) return undefined\n',
      '      return undefined\n',
    ],
  ]),
  ...mutationsOf('core/bucket.ts', 'core/bucket', [
    ['full-too-early', '(limit.full - level) / limit.perMs', '0'],
    ['full-by-the-last-alone', 'fullFromMs = Math.max(fullFromMs, ', 'fullFromMs = Math.max(0, '],
  ]),
  ...mutationsOf('core/shared-buckets.ts', 'core/shared-buckets', [
    ['full-while-alone', 'isAlone ? Number.POSITIVE_INFINITY : ', ''],
  ]),
  ...mutationsOf('authorizer/limits.ts', 'authorizer/limits', [
    [
      'refused-limit-keeps-what-it-drew',
      'KEY_DOMAIN, kid, now)\n          return refuse',
      "KEY_DOMAIN, '', now)\n          return refuse",
    ],
    ['one-bucket-for-keys-and-people', 'const PRINCIPAL_DOMAIN = 2', 'const PRINCIPAL_DOMAIN = 1'],
    [
      'failures-cost-nothing',
      'if (!isPresented || !WRONG_CREDENTIAL.has(reason) ||',
      'if (!isPresented || WRONG_CREDENTIAL.has(reason) ||',
    ],
  ]),
  ...mutationsOf('authorizer/touch.ts', 'authorizer/touch', [
    ['idle-slides-back', '      if (idleAtMs <= entry.idleAtMs) return\n', ''],
    ['idle-slides-past-the-end', 'Math.min(nowMs + idleMs, session.endsAtMs)', 'nowMs + idleMs'],
  ]),
  ...mutationsOf('authorizer/grants.ts', 'authorizer/grants', [
    ['memo-ignores-kid', ' && known.kid === kid', ''],
    ['memo-ignores-audience', '  if (known.audience !== audience) return false\n', ''],
    [
      'coming-token-ignores-audience',
      '(one) => one.audience === audience && one.kid === kid',
      '(one) => one.kid === kid',
    ],
    [
      'coming-token-ignores-kid',
      '(one) => one.audience === audience && one.kid === kid',
      '(one) => one.audience === audience',
    ],
    [
      'memo-for-a-whole-life',
      '(expiresAtS * 1000 - mintedAtMs) / 2',
      '(expiresAtS * 1000 - mintedAtMs)',
    ],
    ['memo-of-a-clock-set-back', ' && ageMs >= 0', ''],
  ]),
  ...mutationsOf('authorizer/claims.ts', 'authorizer/claims', [
    ['audience-dropped', ', aud: audience }', ', aud: [] }'],
    ['session-id-dropped', '    sid,\n', '    sid: undefined,\n'],
    [
      'service-account-with-a-name',
      'username: isService ? undefined : username,',
      'username: username,',
    ],
  ]),
  ...mutationsOf('authorizer/mint.ts', 'authorizer/mint', [
    ['beginning-of-another-second', 'known?.issuedAtS === issuedAtS && ', 'known && '],
    ['beginning-of-another-end', ' && known.expiresAtS === expiresAtS', ''],
  ]),
  ...mutationsOf('crypto/lifetime.ts', 'authorizer/claims', [
    [
      'token-outlives-session',
      'Math.min(at.endsAtMs, at.nowMs + at.ttlMs)',
      '(at.nowMs + at.ttlMs)',
    ],
  ]),
]
