import { createHmac } from 'node:crypto'
import type { User } from '../../src/store/users.ts'
import type { Running, World } from './world.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 §6, as authenticator apps read the secret of a link. */
function fromBase32(text: string): Buffer {
  const bits = [...text].map((one) => ALPHABET.indexOf(one).toString(2).padStart(5, '0')).join('')
  const bytes = bits.match(/.{8}/g) ?? []
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
}

/** RFC 4226 §5.3, written apart from the library that the identity API uses. */
export function codeOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const at = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

/** An authenticator app: what it shows now, and at steps before or after. */
export interface App {
  readonly secret: string
  code(steps?: number): string
  /** Lets half a minute pass, so that a code is fresh again. */
  next(): string
}

export function appOf(world: World, url: string): App {
  const secret = new URL(url).searchParams.get('secret') ?? ''
  const code = (steps = 0) => codeOf(secret, Math.floor(world.nowMs / 30_000) + steps)
  return {
    ...{ secret, code },
    next() {
      world.nowMs += 30_000
      return code()
    },
  }
}

/** A member with a second factor, and the app that has it; its present code is used up. */
export async function addUserWithApp(
  world: World,
  api: Running,
  given: Parameters<World['addUser']>[0] = {},
): Promise<{ user: User; app: App }> {
  const user = await world.addUser(given)
  const { body } = await api.sendAs(user, 'POST', '/resource/otp/generate_qrcode', {})
  const app = appOf(world, (body as { data: { url: string } }).data.url)
  const { status } = await api.sendAs(user, 'POST', '/resource/otp/enable', { code: app.code() })
  if (status !== 201) throw new Error(`not enabled: ${status}`)
  return { user, app }
}
