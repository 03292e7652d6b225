import { type Mutation, mutationsOf } from './mutation.ts'

/** Who asks and from where: restrictions, addresses, API keys. */
export const CALLERS: readonly Mutation[] = [
  ...mutationsOf('core/restriction.ts', 'core/restriction', [
    [
      'whitelist-exclusive',
      "if (listed !== undefined && listed !== 'unknown') return listed",
      "if (whitelist.rows.length > 0) return listed ?? 'unknown'",
    ],
    [
      'blacklist-before-maintenance',
      'matchScopes(maintenance, address',
      'matchScopes(blacklist, address, findPlace) ?? matchScopes(maintenance, address',
    ],
    ['blocklogin-everywhere', '    (isLoginPath ?', '    (isLoginPath !== undefined ?'],
    ['restriction-on-exempt-path', ' || surveyRoutes(routes, check).isUnrestricted', ''],
    ['disabled-row-in-force', "    if (row.state !== 'enabled') return false\n", ''],
    ['code-5xx-passes-through', 'code >= CODE_MIN && code < 500 ? code : 403', 'code'],
    [
      'unknown-place-lets-pass',
      "place === undefined ? 'unknown' :",
      'place === undefined ? undefined :',
    ],
  ]),
  ...mutationsOf('core/address.ts', 'core/address', [
    [
      'mapped-address-is-another',
      '  if (a === 0 && b === 0 && c === 0xffff) return createFour(d)\n',
      '',
    ],
  ]),
  ...mutationsOf('core/network.ts', 'core/network', [
    ['mapped-network-is-another', '  if (width === 128 && address.family === 4) bits -= 96\n', ''],
    [
      'client-says-its-address',
      'if (!matchNetwork(trusted, address) && !isSameAddress(address, peer)) return address',
      'if (false) return address',
    ],
  ]),
  ...mutationsOf('core/signed-request.ts', 'core/signed-request', [
    ['method-not-signed', 'next(method) + method + next(host)', 'next(host)'],
    ['host-not-signed', ' + next(host) + host', ''],
    ['lengths-not-signed', '{ length: 2_048 }, (_, length)', '{ length: 2_048 }, (length)'],
    ['long-lengths-alike', 'NEXT[text.length] ??', 'NEXT[text.length % 2_048] ??'],
    ['purpose-not-signed', 'const FIRST =', "const FIRST = '' &&"],
    ['nonce-read-leniently', ' || version === 2) return spelledMs', ') return spelledMs'],
    ['nonce-of-other-digits', 'if (!(digit >= 0 && digit <= 9)) return -1', ''],
    ['nonce-of-any-length', 'nonce.length !== NONCE_CHARS ||', ''],
    ['blank-key-headers-count', " && value.trim() === ''", ' && false'],
  ]),
  ...mutationsOf('core/signed-request.ts', 'core/signed-request authorizer/api-keys', [
    ['query-not-signed', "query === '' ? path", 'query === query ? path'],
    ['digest-not-signed', "contentDigest === undefined ? ',-'", "true ? ',-'"],
  ]),
  ...mutationsOf('core/api-key.ts', 'core/api-key', [
    ['version-switch-ignored', 'if (version === 1 && !key.isV1Accepted)', 'if (false)'],
    ['key-state-ignored', "if (key.state !== 'active') return", "if (key.state === '') return"],
    [
      'key-expiry-ignored',
      'if (key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs) {',
      'if (false) {',
    ],
    ['key-expiry-inclusive', 'nowMs >= key.expiresAtMs', 'nowMs > key.expiresAtMs'],
    [
      'key-networks-ignored',
      'if (networks !== undefined && !matchNetwork(networks, check.address)) {',
      'if (false) {',
    ],
    [
      'unreadable-networks-are-none',
      "compiled.kind === 'compiled' ? compiled.networks : NO_NETWORKS",
      "compiled.kind === 'compiled' ? compiled.networks : undefined",
    ],
    [
      'owner-state-ignored',
      "  if (!isStateAccepted(principal.state)) return deny('authz.invalid_session')\n",
      '',
    ],
    ['owner-2fa-ignored', "if (principal.kind === 'user' && !principal.otp)", 'if (false)'],
    ['scopes-ignored', 'if (!scoped.isAccepted) return', 'if (false) return'],
    [
      'rules-ignored-for-keys',
      "return match.isAccepted ? undefined : deny('authz.invalid_permission')",
      'return undefined',
    ],
  ]),
]
