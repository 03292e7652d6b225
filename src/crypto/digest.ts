import { hash } from 'node:crypto'

/** SHA-256 over the text's UTF-8 bytes, as 43 base64url characters. */
export function sha256Base64url(text: string): string {
  // One call into the native side; createHash costs an object and three calls.
  return hash('sha256', text, 'base64url')
}

/**
 * A name for the session that upstreams may compare and log. The label keeps it apart from the
 * session's hash, which is its key in the store: one cannot be had from the other backwards.
 */
export function sidOf(sessionHash: string): string {
  return sha256Base64url(`dvara sid ${sessionHash}`)
}
