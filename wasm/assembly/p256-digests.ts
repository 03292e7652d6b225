/** SHA-256 of four messages at a time, where sixteen are to be signed. */
import { compressFour, storeRoundConstants } from './generated/p256-digests'
import { sha256Start } from './generated/sha256'
import { MESSAGE_HEAD, MESSAGE_STRIDE, MESSAGES } from './layout'
import { FOUR_CONSTANTS, FOUR_KEPT, FOUR_STATES } from './p256-layout'
import { padSha256 } from './sha'

export function startDigests(): void {
  storeRoundConstants(FOUR_CONSTANTS)
}

/** Every lane begins with the state of eight words at `state`. */
function spreadState(state: usize): void {
  for (let word: usize = 0; word < 8; word++) {
    v128.store(FOUR_STATES + word * 16, v128.load32_splat(state + word * 4))
  }
}

/**
 * Digests of four messages that lie one after another from `first` on; their lengths are words at
 * `lengths`. A lane that is done keeps its state while the others go on: lengths are no secret.
 */
export function digestFour(target: usize, first: usize, lengths: usize): void {
  const m0 = MESSAGES + MESSAGE_HEAD + first * MESSAGE_STRIDE
  const m1 = m0 + MESSAGE_STRIDE,
    m2 = m1 + MESSAGE_STRIDE,
    m3 = m2 + MESSAGE_STRIDE
  const n0 = padSha256(m0, load<u32>(lengths), 0),
    n1 = padSha256(m1, load<u32>(lengths, 4), 0)
  const n2 = padSha256(m2, load<u32>(lengths, 8), 0),
    n3 = padSha256(m3, load<u32>(lengths, 12), 0)
  const least = lesser(lesser(n0, n1), lesser(n2, n3))
  const most = greater(greater(n0, n1), greater(n2, n3))
  sha256Start(target)
  spreadState(target)
  for (let block: usize = 0; block < most; block++) {
    const at = block << 6
    if (block < least) {
      compressFour(FOUR_STATES, FOUR_CONSTANTS, m0 + at, m1 + at, m2 + at, m3 + at)
      continue
    }
    memory.copy(FOUR_KEPT, FOUR_STATES, 128)
    compressFour(FOUR_STATES, FOUR_CONSTANTS, m0 + at, m1 + at, m2 + at, m3 + at)
    if (block >= n0) keepLane(0)
    if (block >= n1) keepLane(1)
    if (block >= n2) keepLane(2)
    if (block >= n3) keepLane(3)
  }
  for (let lane: usize = 0; lane < 4; lane++) {
    for (let word: usize = 0; word < 8; word++) {
      const value = load<u32>(FOUR_STATES + word * 16 + lane * 4)
      store<u32>(target + lane * 32 + word * 4, bswap<u32>(value))
    }
  }
}

// Without the compiler's own, which are selects, and the test of the module's text allows none.
function lesser(a: usize, b: usize): usize {
  const difference = <i32>a - <i32>b
  return b + <usize>(difference & (difference >> 31))
}

function greater(a: usize, b: usize): usize {
  return a + b - lesser(a, b)
}

function keepLane(lane: usize): void {
  for (let word: usize = 0; word < 128; word += 16) {
    store<u32>(FOUR_STATES + word + lane * 4, load<u32>(FOUR_KEPT + word + lane * 4))
  }
}
