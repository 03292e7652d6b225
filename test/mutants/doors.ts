import { type Mutation, mutationsOf } from './mutation.ts'

/** What comes in and is written down: gateways, sign-in, stores. */
export const DOORS: readonly Mutation[] = [
  ...mutationsOf('gateway/headers.ts', 'gateway/headers', [
    ['reserved-header-allowed', '  if (RESERVED.has(canonical)) return true\n', ''],
    [
      'reserved-prefix-allowed',
      'return RESERVED_PREFIXES.some((prefix) => canonical.startsWith(prefix))',
      'return false',
    ],
    ['reserved-alias-allowed', "canonical = name.replace(/[_. ]/g, '-')", 'canonical = name'],
    [
      'repeated-header-is-its-last',
      'joint === undefined ? null :',
      'joint === undefined ? value :',
    ],
  ]),
  ...mutationsOf('gateway/server.ts', 'gateway/server', [
    [
      'untrusted-gateway-allowed',
      '    if (!matchNetwork(trustedGateways, peer)) return false\n',
      '',
    ],
    ['late-answer-allowed', '      concludeSafely(waiting, UNAVAILABLE)\n', ''],
  ]),
  ...mutationsOf('gateway/reply.ts', 'gateway/reply', [
    ['denial-5xx-passes-through', 'status >= 400 && status < 500', 'status >= 400'],
    [
      'nginx-hears-any-status',
      'rememberByDenial((status) => (status === 401 ? 401 : 403))',
      'rememberByDenial((status) => status)',
    ],
    ['envoy-keeps-reserved-headers', 'wordAllow(ENVOY_REMOVE)', 'wordAllow([])'],
  ]),
  ...mutationsOf('core/identity-lines.ts', 'core/identity-lines', [
    ['unprintable-identity-sent', 'return !UNPRINTABLE.test(value)', 'return true'],
    ['role-not-looked-at', '!isWritable(user) || !isWritable(role)', '!isWritable(user)'],
  ]),
  ...mutationsOf('core/verdict.ts', 'core/verdict', [
    [
      'empty-authorization-not-sent',
      "{ kind: 'allow', lines: wordIdentity('', '', '') }",
      "{ kind: 'allow', lines: wordIdentity('Bearer x', '', '') }",
    ],
  ]),
  ...mutationsOf('gateway/dialect.ts', 'gateway/dialect', [
    [
      'reserved-note-ignored',
      "  if (headers.hasReserved) return refuse('authz.reserved_header', '', told)\n",
      '',
    ],
    [
      'any-method',
      'const method = methodOf(told.method)',
      'const method: string | undefined = told.method',
    ],
    [
      'two-csrf-tokens-are-none',
      "readLenient(headers, AT['x-csrf-token'], MATCHES_NOTHING)",
      "readHeader(headers, AT['x-csrf-token'])",
    ],
  ]),
  ...mutationsOf('gateway/envoy.ts', 'gateway/envoy gateway/dialect', [
    [
      'forwarded-for-optional',
      "if (forwardedFor === undefined) return 'x-forwarded-for'",
      'if (forwardedFor === undefined) return { method, target, host, address: peer }',
    ],
  ]),
  ...mutationsOf('store/twin-nonces.ts', 'store/twin-nonces', [
    ['nonces-never-full', "      if (nonces.size >= rememberedMax) return 'full'\n", ''],
    ['stale-nonce-burned', "      if (nonceMs <= now - keepMs) return 'stale'\n", ''],
    [
      'nonce-of-a-lost-board',
      "      if (sealedAtMs !== undefined && nonceMs < sealedAtMs + lifetimeMs) return 'stale'\n",
      '',
    ],
  ]),
  ...mutationsOf('store/facts.ts', 'store/twin', [
    [
      'generation-not-compared',
      '  if (posted.sessionGeneration < posted.generation) return undefined\n',
      '',
    ],
  ]),
  ...mutationsOf('store/twin.ts', 'store/twin', [
    [
      'tombstone-skipped',
      "      if (tombstones.read(posting.hash) !== undefined) return 'outdated'\n",
      '',
    ],
    [
      'outdated-login-opens',
      "      if ((generations.read(posting.uid) ?? 0) > posting.generation) return 'outdated'\n",
      '',
    ],
  ]),
  ...mutationsOf('identity/sign-in.ts', 'identity/sign-in', [
    [
      'id-not-rotated-at-login',
      'const sessionId = cookieRing.seal(mintSecretId(randomBytes))',
      'const sessionId = client.sessionIds[0] ?? cookieRing.seal(mintSecretId(randomBytes))',
    ],
    [
      'planted-session-survives-login',
      "await stores.sessions.end(hash, 'replaced')",
      "if (hash === '') await stores.sessions.end(hash, 'replaced')",
    ],
  ]),
  ...mutationsOf('identity/sign-in.ts', 'identity/sign-in identity/sessions', [
    [
      'forged-cookie-ends-sessions',
      'client.sessionIds.filter(cookieRing.isSealed).map',
      'client.sessionIds.map',
    ],
  ]),
  ...mutationsOf('identity/sessions.ts', 'identity/otp', [
    ['second-factor-skipped', 'if (user.otp && !isCodeSpent) {', 'if (isCodeSpent) {'],
  ]),
  ...mutationsOf('identity/sessions.ts', 'identity/sessions', [
    ['state-ignored-at-login', '    if (refused !== undefined) return refused\n', ''],
  ]),
  ...mutationsOf('identity/one-time-codes.ts', 'identity/otp', [
    ['step-spent-twice', 'if (!(await spend(claim))) return given.wrong', 'await spend(claim)'],
  ]),
  ...mutationsOf('store/sql-second-factors.ts', 'identity/otp', [
    [
      'step-not-remembered',
      'enabled_at is not null\n    and last_step < $3::float8::bigint',
      'enabled_at is not null',
    ],
  ]),
  ...mutationsOf('store/sql-sessions.ts', 'store/sql-sessions', [
    [
      'login-of-an-old-generation',
      'user === undefined || user.generation !== session.generation',
      'user === undefined',
    ],
  ]),
]
