import { inspect } from 'node:util'

const MASK = '[secret]'

/** Text that cannot be printed by accident: JSON, template and inspect all give "[secret]". */
export class Secret {
  // A private field is out of reach of spread, Object.entries, structuredClone and the inspector.
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    Object.freeze(this)
  }

  /** The text itself: for the driver that needs it, and for nobody's log. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
