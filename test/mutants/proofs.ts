import { type Mutation, mutationsOf } from './mutation.ts'

/** What can be proved: seals, signatures, tokens. */
export const PROOFS: readonly Mutation[] = [
  ...mutationsOf('crypto/envelope.ts', 'crypto/envelope', [
    ['aad-dropped', 'for (const word of row) {', 'for (const word of row.slice(0, 0)) {'],
    ['aad-lengths-dropped', 'parts.push(lengthOf(bytes.length), bytes)', 'parts.push(bytes)'],
    ['tag-not-checked', '    decipher.final()\n', '    if (plain.length < 0) decipher.final()\n'],
  ]),
  ...mutationsOf('crypto/envelope.ts', 'crypto/envelope crypto/request-verifier', [
    [
      'aad-without-algorithm',
      "return ['api key', key.kid, key.uid, key.algorithm]",
      "return ['api key', key.kid, key.uid]",
    ],
  ]),
  ...mutationsOf('crypto/verifier.ts', 'crypto/verifier', [
    [
      'token-chooses-algorithm',
      "if (parts.alg !== key.alg) return refuse('algorithm_mismatch')",
      "if (parts.alg === 'none') return { ok: true, claims: parseUtf8Object(parts.payload) ?? {} }",
    ],
    [
      'algorithm-word-ignored',
      "      if (parts.alg !== key.alg) return refuse('algorithm_mismatch')\n",
      '',
    ],
    [
      'bearer-signature-ignored',
      "      if (!isSigned(key, parts)) return refuse('signature_invalid')\n",
      '',
    ],
    [
      'extra-header-members',
      'Object.keys(header).length !== 3 || alg === undefined',
      'alg === undefined',
    ],
    [
      'any-audience',
      "  if (!isAudience(aud, expectations.audience)) return 'audience_mismatch'\n",
      '',
    ],
    ['any-issuer', "  if (iss !== expectations.issuer) return 'issuer_mismatch'\n", ''],
    ['any-subject', "  if (sub !== expectations.subject) return 'subject_mismatch'\n", ''],
    [
      'token-expiry-inclusive',
      'expectations.nowMs >= exp * 1000 + LEEWAY_MS',
      'expectations.nowMs > exp * 1000 + LEEWAY_MS',
    ],
    [
      'token-lifetime-unbounded',
      "  if ((exp - iat) * 1000 > lifetimeMaxMs) return 'lifetime_too_long'\n",
      '',
    ],
  ]),
  ...mutationsOf('crypto/tokens.ts', 'crypto/tokens', [
    ['token-begins-as-another', 'if (kept[recent] !== shared) {', 'if (kept.length === 0) {'],
    ['beginning-kept-in-two-places', '    kept[index] = shared\n', '    kept.push(shared)\n'],
    [
      'withheld-token-leaves',
      'return length === 0 ? undefined : read({ at: messagesAt, length })',
      'return read({ at: messagesAt, length })',
    ],
    [
      'withheld-token-of-a-batch-leaves',
      'return length === 0 ? undefined : read({ at: messagesAt + index',
      'return read({ at: messagesAt + index',
    ],
    ['token-not-signed-alone', 'token ?? signAlone(claims[index] as Claims, read)', 'token'],
    ['beginnings-stay', 'for (const head of heads) forgetHead(head)', ''],
    ['beginnings-room-stays', '          blocks.release(block)\n        },', '        },'],
  ]),
  ...mutationsOf('crypto/p256.ts', 'crypto/p256-hedging', [
    ['hedging-of-one-only', 'hedging.draw(messages.length)', 'hedging.draw(1)'],
    ['hedging-of-one-token-only', 'hedging.draw(count)', 'hedging.draw(1)'],
    [
      'hedging-of-none-alone',
      '      hedging.draw(1)\n      return signOne',
      '      return signOne',
    ],
  ]),
  ...mutationsOf('crypto/cookie-ring.ts', 'crypto/cookie-ring', [
    ['any-seal', 'return isRight && own !== undefined', 'return own !== undefined'],
    ['seal-of-an-unknown-key', 'return isRight && own !== undefined', 'return isRight'],
  ]),
  ...mutationsOf('crypto/cookie-ring.ts', 'crypto/compared', [
    [
      'seal-compared-by-identity',
      'left.length === right.length && timingSafeEqual(left, right)',
      'one === other',
    ],
  ]),
  ...mutationsOf('crypto/node-blake.ts', 'crypto/compared', [
    [
      'blake-compared-by-bytes',
      'timingSafeEqual(sign(message), mac)',
      'Buffer.compare(sign(message), mac) === 0',
    ],
  ]),
  ...mutationsOf('crypto/node-hmac.ts', 'crypto/compared', [
    ['hmac-compared-by-bytes', 'timingSafeEqual(own, mac)', 'Buffer.compare(own, mac) === 0'],
  ]),
  ...mutationsOf('crypto/request-verifier.ts', 'crypto/request-verifier authorizer/api-keys', [
    [
      'signature-in-capitals',
      'if (signature.length > SIGNATURE_HEX_MAX || !HEX.test(signature)) return false',
      'if (signature.length > SIGNATURE_HEX_MAX) return false',
    ],
  ]),
]
