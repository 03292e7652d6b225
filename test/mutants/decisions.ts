import { type Mutation, mutationsOf } from './mutation.ts'

/** What is decided: credentials, sessions, rules, paths. */
export const DECISIONS: readonly Mutation[] = [
  ...mutationsOf('core/decide.ts', 'core/decide', [
    [
      'csrf-never-due',
      'const isTokenDue = policy.isCsrfRequired &&',
      'const isTokenDue = false &&',
    ],
    [
      'csrf-skipped',
      '  if (policy.isCsrfRequired && !isSafeMethod(check.method)) {',
      '  if (false) {',
    ],
    [
      'csrf-present-is-enough',
      "if (!isSameSecret(check.csrfToken, facts?.session.csrfToken ?? '')) {",
      'if (facts === undefined) {',
    ],
    [
      'csrf-early-return',
      'difference |= presented.charCodeAt(at) ^ expected.charCodeAt(at)',
      'if (presented.charCodeAt(at) !== expected.charCodeAt(at)) return false',
    ],
    ['csrf-compared-by-identity', '  return difference === 0', '  return presented === expected'],
    ['csrf-empty-matches-empty', ' || expected.length === 0', ''],
    ['session-end-inclusive', 'nowMs >= session.endsAtMs', 'nowMs > session.endsAtMs'],
    ['idle-deadline-inclusive', 'nowMs >= facts.idleAtMs', 'nowMs > facts.idleAtMs'],
    ['binding-skipped', 'if (!isBound(check, facts, policy))', 'if (false)'],
    ['binding-by-network-alone', "if (binding !== 'network' &&", "if (binding === 'agent' &&"],
    [
      'state-not-checked',
      "  if (!isStateAccepted(principal.state)) return deny('authz.user_not_active')\n",
      '',
    ],
    [
      'public-beats-blocked',
      'if ((flags & BLOCKED) !== 0)',
      'if ((flags & (BLOCKED | PUBLIC)) === BLOCKED)',
    ],
    ['preflight-for-any-method', " && check.method === 'OPTIONS') return ALLOW", ') return ALLOW'],
  ]),
  ...mutationsOf('core/check.ts', 'core/decide', [
    [
      'options-is-all-that-is-safe',
      "return method === 'GET' ||",
      "return method === 'POST' || method === 'GET' ||",
    ],
  ]),
  ...mutationsOf('core/credential.ts', 'core/credential core/decide', [
    [
      'cookie-beats-key',
      'if (check.apiKey !== undefined) return',
      "if (check.cookies === '') return",
    ],
  ]),
  ...mutationsOf('core/credential.ts', 'core/credential', [
    ['second-cookie-ignored', '    if (found !== undefined && found !== value) return null\n', ''],
    [
      'second-cookie-not-looked-for',
      'return cookies.indexOf(name, end) === -1 ? from : -1',
      'return from',
    ],
    [
      'id-of-any-length',
      '  if (end < cookies.length && cookies.charCodeAt(end) !== 0x3b) return -1\n',
      '',
    ],
    ['cookie-name-anywhere', ' && isNameStart(cookies, at)) {', ') {'],
    [
      'any-cookie-is-an-id',
      "return isSessionId(value) ? { kind: 'session', id: value } : FORGED",
      "return { kind: 'session', id: value }",
    ],
  ]),
  ...mutationsOf('core/route.ts', 'core/route', [
    [
      'blocked-as-sent',
      '  if (path === foldedPath) return exact\n',
      '  if (path !== foldedPath) return exact\n',
    ],
    ['audience-ignored', 'if (found === -1) return routes', 'if (found !== -2) return routes'],
  ]),
  ...mutationsOf('core/rule.ts', 'core/rule', [
    ['known-path-folded-otherwise', ' && known.foldedPath === at.foldedPath', ''],
    ['drop-ignored', 'const isAccepted = (refused & DROP) === 0 &&', 'const isAccepted ='],
    [
      'audit-accepts',
      'matchFlags(trees.accepting, at.path) !== 0',
      '(isAudited || matchFlags(trees.accepting, at.path) !== 0)',
    ],
    ['head-is-not-get', "? ['GET', 'HEAD'] :", "? ['GET'] :"],
    ['all-is-any-verb', "'DELETE', 'HEAD'] as const", "'DELETE', 'HEAD', 'OPTIONS'] as const"],
    [
      'drop-dodged-by-capitals',
      'const refused = matchFlags(trees.refusing, at.foldedPath)',
      'const refused = matchFlags(trees.refusing, at.path)',
    ],
    [
      'accept-in-any-case',
      'matchFlags(trees.accepting, at.path) !== 0',
      'matchFlags(trees.accepting, at.foldedPath) !== 0',
    ],
  ]),
  ...mutationsOf('core/prefix-tree.ts', 'core/prefix-tree', [
    [
      'prefix-without-boundary',
      '    if (next === SLASH) flags |= node.flags\n    else if',
      '    flags |= node.flags\n    if',
    ],
    [
      'star-matches-more-segments',
      'flags |= collectFlags(node.star, path, segmentEnd(path, at))',
      'flags |= collectFlags(node.star, path, path.length)',
    ],
  ]),
  ...mutationsOf('core/prefix-tree.ts', 'core/prefix-tree core/route', [
    ['longest-without-boundary', 'if (isBoundary) value =', 'value ='],
  ]),
  ...mutationsOf('core/path.ts', 'core/path', [
    [
      'encoded-separator-allowed',
      'else if (ENCODABLE[byte] === 0) return false',
      'else if (byte === 0) return false',
    ],
    [
      'double-slash-allowed',
      'if (previous === SLASH || previous === DOT) return',
      'if (previous === DOT) return',
    ],
    ['dot-segment-allowed', '  if (previous === DOT) return undefined\n', ''],
  ]),
  ...mutationsOf('core/pattern-set.ts', 'core/pattern-set', [
    [
      'wild-segment-covers-nothing',
      'new Set([segment, WILD]))\n      }\n      return',
      'new Set([segment]))\n      }\n      return',
    ],
    ['wild-segment-meets-nothing', 'const isWild = segment === WILD', 'const isWild = false'],
  ]),
  ...mutationsOf('core/lint-permissions.ts', 'core/lint-permissions', [
    [
      'later-audit-hides-earlier',
      "(action !== 'AUDIT' || other.index < one.index)",
      'other.index !== one.index',
    ],
  ]),
  ...mutationsOf('core/reconsider.ts', 'core/reconsider', [
    ['candidate-restriction-ignored', '    if (restricted !== undefined) return restricted\n', ''],
    [
      'let-in-without-a-look',
      "reconsiderRoutes(judged, routes) ?? 'unknown'",
      "reconsiderRoutes(judged, routes) ?? 'none'",
    ],
  ]),
  ...mutationsOf('authorizer/audit.ts', 'authorizer/open-audit', [
    [
      'every-refusal-written-down',
      "if (answer.kind === 'deny' && !DENIED.has(answer.reason)) return undefined",
      '',
    ],
    ['unwatched-refusal-lost', '(topic ?? null)', 'topic'],
  ]),
]
