import { addressOf, type Dialect } from './dialect.ts'
import { AT, readHeader } from './headers.ts'
import { ALLOW, wordNginxDeny } from './reply.ts'

/**
 * nginx `auth_request`. The subrequest is always a GET of a fixed path, so the configuration must
 * set X-Original-Method, X-Original-URI, X-Real-IP, and Host to the original one.
 *
 * $request_uri is raw, and some versions of uWebSockets.js drop bytes of 0x80 and more from the
 * end of a header's value: `/admin\xff` would be read as `/admin`. The configuration that we ship
 * refuses targets that are not ASCII before it asks; any other must do the same.
 */
export const nginx: Dialect = {
  name: 'nginx',
  carriesBodies: false,
  wordDeny: wordNginxDeny,
  allow: ALLOW,
  readTold({ headers, told }) {
    const method = readHeader(headers, AT['x-original-method'])
    if (method === undefined) return 'x-original-method'
    const target = readHeader(headers, AT['x-original-uri'])
    if (target === undefined) return 'x-original-uri'
    const address = addressOf(readHeader(headers, AT['x-real-ip']) ?? '')
    if (address === undefined) return 'x-real-ip'
    const host = readHeader(headers, AT.host)
    if (host === undefined) return 'host'
    told.method = method
    told.target = target
    told.host = host
    told.address = address
    return undefined
  },
}
