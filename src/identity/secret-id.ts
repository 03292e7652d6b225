const SECRET_ID = /^[A-Za-z0-9_-]{43}$/

type RandomBytes = (count: number) => Uint8Array

/** 256 random bits as base64url: what a cookie or a mailed link carries. */
export function mintSecretId(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(32)).toString('base64url')
}

/** Whether the text could be one of ours at all. */
export function isSecretId(text: string): boolean {
  return SECRET_ID.test(text)
}

/** Barong's form of a CSRF token: 20 hexadecimal digits. */
export function mintCsrfToken(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(10)).toString('hex')
}

/** Barong's form of a user's public id: `ID` and ten upper-case hexadecimal digits. */
export function mintUid(randomBytes: RandomBytes): string {
  return `ID${Buffer.from(randomBytes(5)).toString('hex').toUpperCase()}`
}

/** The same for a service account. */
export function mintServiceUid(randomBytes: RandomBytes): string {
  return `SI${Buffer.from(randomBytes(5)).toString('hex').toUpperCase()}`
}
