/** RFC 5321 §4.5.3.1.3, less the angle brackets. */
export const EMAIL_LENGTH_MAX = 254

// RFC 5322 §3.2.3 atoms on the left, LDH labels on the right: one @, no quotes, no trailing dot.
const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const HOST_LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const LOCAL_PART = `${ATOM}(?:\\.${ATOM})*`
const HOST = `(?:${HOST_LABEL}\\.)*${HOST_LABEL}`
const EMAIL = new RegExp(`^${LOCAL_PART}@${HOST}$`)

/**
 * The one spelling under which an address is stored, looked up and counted: lower case, ASCII;
 * undefined for anything that another reader could take for a different address.
 */
export function parseEmail(text: string): string | undefined {
  if (text.length > EMAIL_LENGTH_MAX) return undefined
  // Before lower-casing: U+212A and U+0130 fold into ASCII and would become another's address.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined
  const email = text.toLowerCase()
  return EMAIL.test(email) ? email : undefined
}
