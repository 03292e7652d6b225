/** Writes MessagePack, as short as it can be said, into memory that grows. */
export interface MessageWriter {
  /** Room for so many bytes in one piece; what is written from here on comes there. */
  begin(bytesMax: number): void
  /** So many fields follow, at most 15. */
  list(fieldsCount: number): void
  text(value: string): void
  /** Whole, from -2³¹ on. */
  whole(value: number): void
  /** What was written since the beginning; its memory is not used again. */
  end(): Buffer
}

/** What is written is cut out of pieces of memory of this size. */
const SLAB_BYTES = 256 * 1024
/** Up to this length it is quicker to write a text by hand than to ask for it. */
const BY_HAND_MAX = 16

export function createMessageWriter(): MessageWriter {
  let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  let from = 0
  let at = 0

  /** One unit is one byte in nearly all texts; the others are written once more. */
  function text(value: string): void {
    const { length } = value
    const headAt = at
    at = putHead(slab, at, length)
    if (length <= BY_HAND_MAX) {
      let seen = 0
      for (let index = 0; index < length; index++) {
        const unit = value.charCodeAt(index)
        slab[at + index] = unit
        seen |= unit
      }
      if (seen < 0x80) {
        at += length
        return
      }
    } else if (slab.write(value, at) === length) {
      at += length
      return
    }
    at = putHead(slab, headAt, Buffer.byteLength(value))
    at += slab.write(value, at)
  }

  return {
    begin(bytesMax) {
      if (at + bytesMax > slab.length) {
        slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytesMax))
        at = 0
      }
      from = at
    },
    list(fieldsCount) {
      slab[at++] = 0x90 | fieldsCount
    },
    text,
    whole(value) {
      at = putWhole(slab, at, value)
    },
    end: () => slab.subarray(from, at),
  }
}

/** Returns where it ends, as all of these. */
function putHead(slab: Buffer, at: number, bytesCount: number): number {
  if (bytesCount < 32) {
    slab[at] = 0xa0 | bytesCount
    return at + 1
  }
  if (bytesCount < 0x100) return putBytes(slab, at, 0xd9, bytesCount, 1)
  return bytesCount < 0x1_0000
    ? putBytes(slab, at, 0xda, bytesCount, 2)
    : putBytes(slab, at, 0xdb, bytesCount, 4)
}

function putWhole(slab: Buffer, at: number, value: number): number {
  if (value < 0) return putNegative(slab, at, value)
  if (value < 0x80) {
    slab[at] = value
    return at + 1
  }
  if (value < 0x100) return putBytes(slab, at, 0xcc, value, 1)
  if (value < 0x1_0000) return putBytes(slab, at, 0xcd, value, 2)
  if (value < 0x1_0000_0000) return putBytes(slab, at, 0xce, value, 4)
  slab[at] = 0xcb
  return slab.writeDoubleBE(value, at + 1)
}

function putNegative(slab: Buffer, at: number, value: number): number {
  if (value >= -0x20) {
    slab[at] = value & 0xff
    return at + 1
  }
  if (value >= -0x80) return putBytes(slab, at, 0xd0, value, 1)
  return value >= -0x8000 ? putBytes(slab, at, 0xd1, value, 2) : putBytes(slab, at, 0xd2, value, 4)
}

function putBytes(slab: Buffer, at: number, kind: number, value: number, count: number): number {
  slab[at] = kind
  for (let byte = 0; byte < count; byte++) slab[at + count - byte] = value >> (8 * byte)
  return at + 1 + count
}
