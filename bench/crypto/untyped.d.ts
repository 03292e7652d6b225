/** As much of the package as is compared with; it brings no types. */
declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  const jsonwebtoken: {
    sign(claims: object, key: KeyObject, options: { algorithm: string; keyid: string }): string
  }
  export = jsonwebtoken
}
