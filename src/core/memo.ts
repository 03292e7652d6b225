/** Longer texts are read anew each time: with the places it bounds what is kept. */
const CHARS_MAX = 512

/**
 * `make`, remembering what it made of the last text in each of `places` places. What gateways say
 * repeats: hosts, agents, addresses and most targets are read once and then only compared. And who
 * keeps what was made keeps the remembered strings, not those of each request, which would outlive
 * the young generation one by one.
 *
 * `make` must depend on its text alone. Nobody can make it remember more than there are places:
 * two texts that share one only take turns. A text that gives `undefined` is read anew.
 */
export function createMemo<V>(
  places: number,
  make: (text: string) => V | undefined,
): (text: string) => V | undefined {
  const mask = places - 1
  const texts = new Array<string>(places).fill('')
  const values = new Array<V | undefined>(places).fill(undefined)
  let lastText = ''
  let lastValue: V | undefined

  function remember(place: number, text: string, value: V): void {
    texts[place] = text
    values[place] = value
    lastText = text
    lastValue = value
  }

  return function recall(text) {
    // Of hosts, methods and busy paths it is often the same again: not even its place is needed.
    if (text === lastText && lastValue !== undefined) return lastValue
    const { length } = text
    if (length === 0 || length > CHARS_MAX) return make(text)
    const place = placeOf(text, length) & mask
    const known = texts[place] === text ? values[place] : undefined
    const value = known ?? make(text)
    if (value !== undefined)
      remember(place, known === undefined ? text : (texts[place] as string), value)
    return value
  }
}

/** The text itself, or the equal one that was there before. */
export function createTexts(places: number): (text: string) => string {
  const recall = createMemo(places, (text) => text)
  return (text) => recall(text) as string
}

/** Of six characters and the length: a whole hash costs more than what it saves. */
function placeOf(text: string, length: number): number {
  const last = text.charCodeAt(length - 1) + (length > 1 ? text.charCodeAt(length - 2) * 7 : 0)
  const inner = text.charCodeAt(length >> 1) * 31 + text.charCodeAt(length >> 2) * 43
  const ends = text.charCodeAt(0) + text.charCodeAt((length * 3) >> 2) * 61
  return length * 5 + last * 13 + inner + ends
}
