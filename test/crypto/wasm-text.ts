// The text form of a module, as the compiler writes it: one instruction a line.

export interface Instruction {
  readonly op: string
  readonly rest: readonly string[]
  readonly body: readonly Instruction[]
  readonly other: readonly Instruction[]
}

export interface ModuleFunction {
  readonly name: string
  readonly parameters: number
  readonly locals: number
  readonly hasResult: boolean
  readonly body: readonly Instruction[]
}

const STRUCTURED = new Set(['block', 'loop', 'if'])

/** The functions of a module's text, by name, and the names they are exported under. */
export function parseText(text: string): {
  functions: Map<string, ModuleFunction>
  exports: Map<string, string>
} {
  const functions = new Map<string, ModuleFunction>()
  const exports = new Map<string, string>()
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    const exported = /^ \(export "(\w+)" \(func (\S+?)\)\)/.exec(line)
    if (exported?.[1] !== undefined && exported[2] !== undefined)
      exports.set(exported[1], exported[2])
    const name = /^ \(func (\S+)/.exec(line)?.[1]
    if (name === undefined) continue
    const end = lines.indexOf(' )', at)
    const locals = lines.slice(at + 1, end).filter((each) => each.startsWith('  (local ')).length
    const inner = lines.slice(at + 1 + locals, end).map((each) => each.trim().split(/\s+/))
    const parameters = line.match(/\(param /g)?.length ?? 0
    const [body] = nest(inner, 0)
    functions.set(name, { name, parameters, locals, hasResult: line.includes('(result '), body })
    at = end
  }
  return { functions, exports }
}

/** The instructions from `from` to the `end` or `else` that closes them, and where that is. */
function nest(words: readonly string[][], from: number): [Instruction[], number] {
  const found: Instruction[] = []
  let at = from
  while (at < words.length) {
    const [op = '', ...rest] = words[at] as string[]
    if (op === 'end' || op === 'else') return [found, at]
    let body: Instruction[] = []
    let other: Instruction[] = []
    if (STRUCTURED.has(op)) {
      ;[body, at] = nest(words, at + 1)
      if (words[at]?.[0] === 'else') [other, at] = nest(words, at + 1)
    }
    found.push({ op, rest, body, other })
    at++
  }
  return [found, at]
}
