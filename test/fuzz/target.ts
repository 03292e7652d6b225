import type { Dice } from './dice.ts'

export type Value = Buffer | string | number | boolean | null | readonly Value[] | Input

/** All that a case is made of: written down, it can be judged again. */
export type Input = { readonly [name: string]: Value }

/** One thing that is compared with another implementation on random inputs. */
export interface Target {
  readonly name: string
  /** What is compared with what. */
  readonly about: string
  /** Its part of all inputs, beside the others' shares: what is quick gets more. */
  readonly share: number
  /** Kinds of outcome that a run must have seen, or it has not tried what it is for. */
  readonly outcomes?: readonly string[]
  /** Prepares instances and keys, which takes some milliseconds. */
  start(): Started
}

export interface Started {
  draw(dice: Dice): Input
  /** How many inputs a case counts for. */
  inputsOf(input: Input): number
  /** What the two do not agree on, or `undefined`. A throw is a disagreement too. */
  judge(input: Input): Judged
  /** A smaller case on which they do not agree either, for whoever has to read it. */
  narrow?(input: Input): Promise<Input>
  /** How often each kind of outcome was seen so far. */
  seen?(): ReadonlyMap<string, number>
  /** Ends what was started: servers, say. */
  stop?(): Promise<void>
}

/** A promise only where what is judged has to wait. */
export type Judged = string | undefined | Promise<string | undefined>

/** A target whose cases have a type of their own. */
export function target<Case extends Input>(description: {
  name: string
  about: string
  share: number
  outcomes?: readonly string[]
  start(): {
    draw(dice: Dice): Case
    inputsOf?(input: Case): number
    judge(input: Case): Judged
    narrow?(input: Case): Promise<Case>
    seen?(): ReadonlyMap<string, number>
    stop?(): Promise<void>
  }
}): Target {
  const { name, about, share, outcomes = [] } = description
  return {
    name,
    about,
    share,
    outcomes,
    start() {
      const { draw, inputsOf = () => 1, judge, narrow, seen, stop } = description.start()
      return {
        draw,
        inputsOf: (input) => inputsOf(input as Case),
        judge(input) {
          try {
            const judged = judge(input as Case)
            return judged instanceof Promise ? judged.catch(thrown) : judged
          } catch (cause) {
            return thrown(cause)
          }
        },
        ...(stop === undefined ? {} : { stop }),
        ...(seen === undefined ? {} : { seen }),
        ...(narrow === undefined ? {} : { narrow: (input: Input) => narrow(input as Case) }),
      }
    },
  }
}

function thrown(cause: unknown): string {
  return `threw ${cause instanceof Error ? cause.stack : String(cause)}`
}

/** A case as a file of the corpus holds it. */
export interface Kept {
  readonly target: string
  /** Where it came from: a seed, or why somebody wrote it down. */
  readonly from: string
  readonly input: Input
}

/** JSON with bytes as `{"hex": …}`. */
export function keptToJson(kept: Kept): string {
  const plain = (value: Value): unknown => {
    if (Buffer.isBuffer(value)) return { hex: value.toString('hex') }
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
  }
  return `${JSON.stringify({ ...kept, input: plain(kept.input) }, null, 2)}\n`
}

export function keptFromJson(text: string): Kept {
  return JSON.parse(text, (_, value: unknown) => {
    const isBytes = typeof value === 'object' && value !== null && 'hex' in value
    return isBytes ? Buffer.from(String(value.hex), 'hex') : value
  }) as Kept
}
