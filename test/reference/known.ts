/** Texts that are remembered: few are asked for, and each many times. */
const TEXTS_MAX = 1000

/** The same function of one text, which works out none twice while it remembers it. */
export function knowing<Value>(workOut: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || known.has(text)) return found as Value
    if (known.size >= TEXTS_MAX) known.clear()
    const value = workOut(text)
    known.set(text, value)
    return value
  }
}
