type Field = string | number | Uint8Array

const LENGTH_BYTES = 4
/** Memory that is taken for a row at first. */
const ROW_BYTES = 512
/** Up to this length it is quicker to write a text by hand than to ask for it. */
const BY_HAND_MAX = 16

/**
 * The fields of all rows one behind the other, each after its length in four bytes, as the `struct`
 * of Redis’ Lua reads them. One argument instead of thousands: the driver makes an object of every
 * argument.
 */
export function packFields<T>(
  rows: readonly T[],
  fieldsOf: (row: T) => readonly Field[],
): Uint8Array {
  let packed = Buffer.allocUnsafe(ROW_BYTES * rows.length)
  let at = 0
  for (const row of rows) {
    for (const field of fieldsOf(row)) {
      const part = typeof field === 'number' ? String(field) : field
      const bytesMax = LENGTH_BYTES + (typeof part === 'string' ? 3 * part.length : part.length)
      if (at + bytesMax > packed.length) {
        const larger = Buffer.allocUnsafe(2 * packed.length + bytesMax)
        packed.copy(larger, 0, 0, at)
        packed = larger
      }
      const from = at + LENGTH_BYTES
      const end = typeof part === 'string' ? putText(packed, part, from) : from + part.length
      if (typeof part !== 'string') packed.set(part, from)
      packed.writeUInt32BE(end - from, at)
      at = end
    }
  }
  return packed.subarray(0, at)
}

/** Returns where it ends. */
function putText(packed: Buffer, text: string, from: number): number {
  const { length } = text
  if (length > BY_HAND_MAX) return from + packed.write(text, from)
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return from + packed.write(text, from)
    packed[from + index] = unit
  }
  return from + length
}
