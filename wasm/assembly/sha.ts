// SHA-256 and SHA-512 over messages that lie in memory with room behind them for the padding.
import { sha256Blocks, sha256Start } from './generated/sha256'
import { sha512Blocks, sha512Start } from './generated/sha512'
import { MESSAGE_HEAD, MESSAGES, OUTPUT, SCRATCH } from './layout'

/**
 * Pads in place (FIPS 180-4 §5.1) and returns how many blocks there are. `before` is what was
 * hashed ahead of `source`. Writes up to two blocks behind the message.
 */
export function padSha256(source: usize, length: usize, before: usize): usize {
  const blocks = (length + 72) >> 6
  const end = source + (blocks << 6)
  // At most 72 bytes follow; five stores cost less than a call to memory.fill.
  clear16(source + length, 5)
  store<u8>(source + length, 0x80)
  store<u32>(end - 4, bswap<u32>(u32(before + length) << 3))
  return blocks
}

export function padSha512(source: usize, length: usize): usize {
  const blocks = (length + 144) >> 7
  const end = source + (blocks << 7)
  clear16(source + length, 9)
  store<u8>(source + length, 0x80)
  store<u32>(end - 4, bswap<u32>(u32(length) << 3))
  return blocks
}

function clear16(target: usize, times: usize): void {
  const zero = i64x2.splat(0)
  for (let time: usize = 0; time < times; time++) v128.store(target + time * 16, zero)
}

/** Writes the digest of a SHA-256 state: its words, most significant byte first. */
export function digestSha256(target: usize, state: usize): void {
  const order = i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
  v128.store(target, i8x16.swizzle(v128.load(state), order))
  v128.store(target, i8x16.swizzle(v128.load(state, 16), order), 16)
}

/** The 64 bytes of SHA-512 at `target`, over `length` bytes that have room behind them. */
export function sha512At(target: usize, source: usize, length: usize): void {
  sha512Start(target)
  sha512Blocks(target, source, padSha512(source, length))
  const order = i8x16(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8)
  for (let at: usize = 0; at < 64; at += 16) {
    v128.store(target + at, i8x16.swizzle(v128.load(target + at), order))
  }
}

/** SHA-256 of the first message, as 32 bytes at OUTPUT. */
export function sha256(length: usize): void {
  const source = MESSAGES + MESSAGE_HEAD
  sha256Start(SCRATCH)
  sha256Blocks(SCRATCH, source, padSha256(source, length, 0))
  digestSha256(OUTPUT, SCRATCH)
  memory.fill(SCRATCH, 0, 32)
}

/** SHA-512 of the first message, as 64 bytes at OUTPUT. */
export function sha512(length: usize): void {
  sha512At(OUTPUT, MESSAGES + MESSAGE_HEAD, length)
}
