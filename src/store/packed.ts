type Field = string | number | Uint8Array

const LENGTH_BYTES = 4

/**
 * Fields one behind the other, each after its length in four bytes, as the `struct` of Redis’ Lua
 * reads them. One argument instead of thousands: the driver makes an object of every argument.
 */
export function packFields(fields: readonly Field[]): Uint8Array {
  const parts = fields.map((field) => (typeof field === 'number' ? String(field) : field))
  let bytesCount = LENGTH_BYTES * parts.length
  for (const part of parts) {
    bytesCount += typeof part === 'string' ? Buffer.byteLength(part) : part.length
  }
  const packed = Buffer.allocUnsafe(bytesCount)
  let at = 0
  for (const part of parts) {
    const from = at + LENGTH_BYTES
    if (typeof part === 'string') at = from + packed.write(part, from)
    else {
      packed.set(part, from)
      at = from + part.length
    }
    packed.writeUInt32BE(at - from, from - LENGTH_BYTES)
  }
  return packed
}
