import { hash, type Options, verify } from '@node-rs/argon2'

/** How dear a guess is, and how many may be computed or wait at once. */
export interface PasswordCost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
  readonly concurrentMax: number
  readonly waitingMax: number
}

/** Argon2id at 64 MiB, two passes, one lane: within RFC 9106 §4 and about 60 ms of one core. */
export const PASSWORD_COST: PasswordCost = {
  memoryKib: 64 * 1024,
  passes: 2,
  lanes: 1,
  concurrentMax: 2,
  waitingMax: 64,
}

/** Longer passwords are never hashed; far above any that a person or a generator makes. */
export const PASSWORD_BYTES_MAX = 1024

/** So many wait already that a caller is better told to come back. */
export class PasswordQueueFull extends Error {
  constructor() {
    super('password queue full')
    this.name = 'PasswordQueueFull'
  }
}

export interface Passwords {
  /** A PHC string for the password exactly as given. Throws PasswordQueueFull. */
  digest(password: string): Promise<string>
  /**
   * Whether the password is the one behind `digest`. With undefined it works as long and says
   * false, so that an unknown account takes as much time as a known one. Throws PasswordQueueFull.
   */
  verify(digest: string | undefined, password: string): Promise<boolean>
}

/** Runs at most `concurrentMax` at once and keeps at most `waitingMax` waiting. */
function createGate(cost: Pick<PasswordCost, 'concurrentMax' | 'waitingMax'>) {
  let running = 0
  const waiting: (() => void)[] = []
  return async function pass<T>(work: () => Promise<T>): Promise<T> {
    if (running >= cost.concurrentMax) {
      if (waiting.length >= cost.waitingMax) throw new PasswordQueueFull()
      // Whoever finishes hands over its place, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

export function createPasswords(cost: PasswordCost): Passwords {
  const pass = createGate(cost)
  // Without a word about it the algorithm is Argon2id.
  const options: Options = {
    memoryCost: cost.memoryKib,
    timeCost: cost.passes,
    parallelism: cost.lanes,
  }
  const digest = (password: string) => pass(() => hash(password, options))
  let nobody: Promise<string> | undefined

  async function verifyOne(known: string | undefined, password: string): Promise<boolean> {
    nobody ??= hash('nobody has this password', options)
    const stored = known ?? (await nobody)
    try {
      return (await verify(stored, password)) && known !== undefined
    } catch {
      // A digest of another kind, e.g. imported bcrypt, proves nothing.
      return false
    }
  }
  return { digest, verify: (known, password) => pass(() => verifyOne(known, password)) }
}

/** Whether a password may be hashed at all: long enough, and not absurdly long. */
export function isPasswordAcceptable(password: string): boolean {
  return [...password].length >= 8 && isPasswordBounded(password)
}

export function isPasswordBounded(password: string): boolean {
  return Buffer.byteLength(password, 'utf8') <= PASSWORD_BYTES_MAX
}
