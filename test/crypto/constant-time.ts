// Reads the module's text and follows what comes out of secret memory through it, by running
// every function on marks instead of numbers: a value is secret, or public, or public and an
// address in a known region. A value loaded from a public region is public, any other load and
// every global is secret; an operation's result is secret if an operand is. Calls are followed
// with the marks they are made with; loops are run until the marks stay the same. A branch, a
// `select`, an address or a length that is secret is a finding. `v128.any_true` alone makes a
// secret a public flag: it is how a verdict or a failed check leaves, and where it stands is part
// of the report.

import type { Instruction, ModuleFunction } from './wasm-text.ts'
import { parseText } from './wasm-text.ts'

export type Mark = 'secret' | 'public' | `in ${string}`

export interface Region {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly isPublic: boolean
}

export interface Report {
  /** What depends on a secret and must not: function, instruction and why. */
  readonly findings: readonly string[]
  /** Functions that were reached from where the report began. */
  readonly reached: readonly string[]
  /** Functions in which a secret becomes a flag. */
  readonly flags: readonly string[]
}

interface State {
  readonly locals: Mark[]
  readonly stack: Mark[]
}

const UNARY =
  /\.(eqz|clz|ctz|popcnt|wrap_|extend|splat|not$|all_true|abs|neg|extract_lane|bitmask|convert)/

function joinMarks(left: Mark, right: Mark): Mark {
  if (left === right) return left
  return left === 'secret' || right === 'secret' ? 'secret' : 'public'
}

function joinStates(left: State | undefined, right: State | undefined): State | undefined {
  if (left === undefined || right === undefined) return left ?? right
  const join = (ours: Mark[], theirs: Mark[]) =>
    ours.map((mark, at) => joinMarks(mark, theirs[at] ?? mark))
  return { locals: join(left.locals, right.locals), stack: join(left.stack, right.stack) }
}

function copyOf(state: State): State {
  return { locals: [...state.locals], stack: [...state.stack] }
}

/** Follows secrets from the exports named in `roots`, whose own parameters are public. */
export function followSecrets(
  text: string,
  regions: readonly Region[],
  roots: readonly string[],
): Report {
  const { functions, exports } = parseText(text)
  const findings = new Set<string>()
  const reached = new Set<string>()
  const flags = new Set<string>()
  const known = new Map<string, Mark>()

  function regionOf(address: number): Mark {
    const region = regions.find(({ from, to }) => address >= from && address < to)
    return region === undefined ? 'public' : `in ${region.name}`
  }

  function loaded(address: Mark, offset: number): Mark {
    const place = address === 'public' && offset > 0 ? regionOf(offset) : address
    const region = regions.find(({ name }) => place === `in ${name}`)
    return region?.isPublic ? 'public' : 'secret'
  }

  function call(name: string, given: readonly Mark[]): Mark {
    const of = functions.get(name)
    if (of === undefined) throw new Error(`no function ${name}`)
    const key = `${name}(${given.join()})`
    const answer = known.get(key)
    if (answer !== undefined) return answer
    known.set(key, 'public')
    reached.add(name)
    const locals = [...given, ...Array.from({ length: of.locals }, (): Mark => 'public')]
    const result = createRun(of, { call, loaded, regionOf, findings, flags })({ locals, stack: [] })
    known.set(key, result)
    return result
  }

  for (const root of roots) {
    const name = exports.get(root)
    if (name === undefined) throw new Error(`${root} is not exported`)
    const parameters = functions.get(name)?.parameters ?? 0
    call(
      name,
      Array.from({ length: parameters }, () => 'public'),
    )
  }
  return { findings: [...findings].sort(), reached: [...reached].sort(), flags: [...flags].sort() }

  function parametersOf(name: string): ModuleFunction {
    return functions.get(name) as ModuleFunction
  }

  function createRun(of: ModuleFunction, world: World): (state: State) => Mark {
    return createInterpreter(of, { ...world, signatureOf: parametersOf })
  }
}

interface World {
  call(name: string, given: readonly Mark[]): Mark
  loaded(address: Mark, offset: number): Mark
  regionOf(address: number): Mark
  readonly findings: Set<string>
  readonly flags: Set<string>
}

interface FullWorld extends World {
  signatureOf(name: string): ModuleFunction
}

/** Runs one function on marks; answers with the mark of its result. */
function createInterpreter(of: ModuleFunction, world: FullWorld): (state: State) => Mark {
  let result: Mark = 'public'
  const labels: { name: string; states: (State | undefined)[] }[] = []

  function find(what: string, mark: Mark): void {
    if (mark === 'secret') world.findings.add(`${of.name}: ${what}`)
  }

  function runAll(instructions: readonly Instruction[], from: State): State | undefined {
    let state: State | undefined = from
    for (const instruction of instructions) {
      if (state === undefined) return undefined
      state = run(instruction, state)
    }
    return state
  }

  function branch(label: string | undefined, state: State): void {
    const target = labels.findLast(({ name }) => name === label)
    if (target === undefined) throw new Error(`${of.name}: no label ${label}`)
    target.states.push(copyOf(state))
  }

  function runBlock({ rest, body }: Instruction, state: State): State | undefined {
    const label = { name: rest[0] ?? '', states: [] as (State | undefined)[] }
    labels.push(label)
    const end = runAll(body, state)
    labels.pop()
    return label.states.reduce(joinStates, end)
  }

  function runLoop({ rest, body }: Instruction, from: State): State | undefined {
    let entry = from
    for (;;) {
      const label = { name: rest[0] ?? '', states: [] as (State | undefined)[] }
      labels.push(label)
      const end = runAll(body, copyOf(entry))
      labels.pop()
      const again = label.states.reduce(joinStates, entry) as State
      if (again.locals.join() === entry.locals.join()) return end
      entry = again
    }
  }

  function run(instruction: Instruction, state: State): State | undefined {
    const { op, rest } = instruction
    const { stack, locals } = state
    const pop = () => stack.pop() ?? 'public'
    switch (op) {
      case 'block':
        return runBlock(instruction, state)
      case 'loop':
        return runLoop(instruction, state)
      case 'if': {
        find('if', pop())
        const then = runAll(instruction.body, copyOf(state))
        return joinStates(then, runAll(instruction.other, copyOf(state)))
      }
      case 'br':
        branch(rest[0], state)
        return undefined
      case 'br_if':
        find('br_if', pop())
        branch(rest[0], state)
        return state
      case 'return':
        if (of.hasResult) result = joinMarks(result, pop())
        return undefined
      case 'unreachable':
        return undefined
      case 'local.get':
        stack.push(locals[localAt(rest)] ?? 'public')
        return state
      case 'local.set':
        locals[localAt(rest)] = pop()
        return state
      case 'local.tee':
        locals[localAt(rest)] = stack.at(-1) ?? 'public'
        return state
      default:
        runPlain(instruction, state, pop)
        return state
    }
  }

  function runPlain({ op, rest }: Instruction, state: State, pop: () => Mark): void {
    const { stack } = state
    const offset = Number(rest.find((word) => word.startsWith('offset='))?.slice(7) ?? 0)
    if (op.endsWith('.const')) {
      stack.push(op === 'i32.const' ? world.regionOf(Number(rest[0])) : 'public')
    } else if (op === 'drop') pop()
    else if (op === 'global.set') pop()
    else if (op === 'global.get') stack.push('secret')
    else if (op === 'call') {
      const { parameters, hasResult } = world.signatureOf(rest[0] as string)
      const given = stack.splice(stack.length - parameters, parameters)
      const answer = world.call(rest[0] as string, given)
      if (hasResult) stack.push(answer)
    } else if (op === 'memory.fill' || op === 'memory.copy') {
      const [length, second, first] = [pop(), pop(), pop()]
      find(`${op} of a secret length`, length)
      find(`${op} at a secret address`, first)
      if (op === 'memory.copy') find(`${op} from a secret address`, second)
    } else if (/\.store/.test(op)) {
      pop()
      find(`${op} at a secret address`, pop())
    } else if (/\.load/.test(op)) {
      if (op.endsWith('_lane')) pop()
      const address = pop()
      find(`${op} from a secret address`, address)
      stack.push(world.loaded(address, offset))
    } else if (op === 'select') {
      world.findings.add(`${of.name}: select`)
      stack.push(joinMarks(pop(), joinMarks(pop(), pop())))
    } else runOperation(op, stack, pop)
  }

  function runOperation(op: string, stack: Mark[], pop: () => Mark): void {
    if (op === 'v128.any_true') {
      if (pop() === 'secret') world.flags.add(of.name)
      stack.push('public')
    } else if (UNARY.test(op)) stack.push(plain(pop()))
    else if (op === 'v128.bitselect') stack.push([pop(), pop(), pop()].map(plain).reduce(joinMarks))
    else if (/^i32\.(add|sub)$/.test(op)) stack.push(addressOf(pop(), pop()))
    else stack.push(joinMarks(plain(pop()), plain(pop())))
  }

  return (state) => {
    const end = runAll(of.body, state)
    if (end !== undefined && of.hasResult) result = joinMarks(result, end.stack.at(-1) ?? 'public')
    return result
  }
}

function localAt(rest: readonly string[]): number {
  return Number((rest[0] ?? '').slice(1))
}

/** What is computed from an address by anything but a sum is no address any more. */
function plain(mark: Mark): Mark {
  return mark === 'secret' ? 'secret' : 'public'
}

/** An address and a public distance are an address of the same region. */
function addressOf(left: Mark, right: Mark): Mark {
  if (left === 'secret' || right === 'secret') return 'secret'
  if (left === 'public') return right
  return right === 'public' ? left : 'public'
}
