/** Longer is no host name (RFC 1035 §2.3.4), with room for a port and brackets. */
const HOST_CHARS_MAX = 270

const PLAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
const NAME = /^([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\.?(?::\d{0,5})?$/
const BRACKETED = /^(\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

/**
 * A host in lower case without port and trailing dot: `App.Example.:443` is `app.example`.
 * Undefined if it is none; empty stays empty, where the gateway does not know it.
 */
export function readHost(text: string): string | undefined {
  if (text === '') return ''
  if (text.length > HOST_CHARS_MAX) return undefined
  if (PLAIN.test(text)) return text
  // Matched before it is folded: outside ASCII some letters fold into it, such as the Kelvin sign.
  return (NAME.exec(text) ?? BRACKETED.exec(text))?.[1]?.toLowerCase()
}
