/**
 * The bytes of unpadded base64url text (RFC 4648 §5), or `undefined` unless the text is the one
 * canonical spelling of them: no padding, no white space, no bits left over. Two spellings of one
 * signature would make two tokens out of one.
 */
export function parseBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
