import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'

/** One file of ours, twice: as written, and with comments and quoted text blanked out. */
export interface Source {
  /** From the project's root, with slashes. */
  readonly path: string
  readonly text: string
  /** As long as `text`, line for line, so that places in one are places in the other. */
  readonly code: string
}

export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly linesCount: number
  /** Without the lines of the functions inside it. */
  readonly ownLinesCount: number
}

/** Every file below a folder of the project, in order, built and hidden things left out. */
export function listFiles(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(projectRoot.length + 1))
    .sort()
}

export function readSources(folder: string): Source[] {
  return listFiles(folder)
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => readSource(path))
}

function readSource(path: string): Source {
  const text = readFileSync(join(projectRoot, path), 'utf8')
  return { path, text, code: blank(text) }
}

/** What a file imports, types included, in the order written. */
export function importsOf(source: Source): string[] {
  const found: string[] = []
  for (const match of source.code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])/g)) {
    const opens = (match.index ?? 0) + match[0].length
    found.push(source.text.slice(opens, source.text.indexOf(match[1] ?? "'", opens)))
  }
  return found
}

/** `/` begins a regular expression where a value may begin: after these, or one of the words. */
const BEFORE_VALUE = '(,=:[!&|?{};+-*%<>~^'
const WORD_BEFORE_VALUE = /\b(return|typeof|case|in|of|delete|void|throw|new|do|else|await|yield)$/

/** The text with the inside of comments, strings and regular expressions turned to spaces. */
export function blank(text: string): string {
  const out = text.split('')
  /** Depths of braces at which a template's `${` was opened. */
  const templates: number[] = []
  let depth = 0
  let at = 0
  const hide = (from: number, to: number) => {
    for (let i = from; i < Math.min(to, out.length); i++) if (out[i] !== '\n') out[i] = ' '
  }
  const template = () => {
    const end = endOfTemplate(text, at + 1)
    hide(at + 1, end)
    at = end + 1
    if (text[end] === '$') {
      at = end + 2
      templates.push(depth++)
    }
  }
  while (at < text.length) {
    const char = text[at] as string
    const skipped = endOfHidden(text, at, out)
    if (skipped !== undefined) {
      const isQuoted = char === "'" || char === '"'
      hide(isQuoted ? at + 1 : at, isQuoted ? skipped - 1 : skipped)
      at = skipped
    } else if (char === '`') {
      template()
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop() as number
      template()
    } else {
      if (char === '{') depth++
      if (char === '}') depth--
      at++
    }
  }
  return out.join('')
}

/** Where the comment, string or regular expression that begins here ends, if one does. */
function endOfHidden(text: string, at: number, out: readonly string[]): number | undefined {
  const char = text[at]
  if (char === "'" || char === '"') return endOfQuoted(text, at + 1, char)
  if (char !== '/') return undefined
  if (text[at + 1] === '/') return orEnd(text, text.indexOf('\n', at))
  if (text[at + 1] === '*') return orEnd(text, text.indexOf('*/', at) + 2)
  const before = out
    .slice(Math.max(0, at - 200), at)
    .join('')
    .trimEnd()
  const isValue = before === '' || BEFORE_VALUE.includes(before.at(-1) as string)
  if (!isValue && !WORD_BEFORE_VALUE.test(before)) return undefined
  return endOfRegExp(text, at + 1)
}

function orEnd(text: string, at: number): number {
  return at < 2 ? text.length : at
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1
  }
  return Math.min(at + 1, text.length)
}

/** The closing backtick, or the `$` of the next `${`. */
function endOfTemplate(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) {
    at += text[at] === '\\' ? 2 : 1
  }
  return at
}

function endOfRegExp(text: string, from: number): number {
  let at = from
  let isInClass = false
  while (at < text.length && (text[at] !== '/' || isInClass) && text[at] !== '\n') {
    if (text[at] === '[') isInClass = true
    if (text[at] === ']') isInClass = false
    at += text[at] === '\\' ? 2 : 1
  }
  return at + 1
}

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'return', 'await'])

/** Every function with a body in braces: declarations, methods and arrows. */
export function functionsOf(code: string): FunctionSpan[] {
  const partners = matchBrackets(code)
  const spans: (Omit<FunctionSpan, 'ownLinesCount'> & { last: number })[] = []
  for (const [opens, closes] of partners) {
    if (code[opens] !== '(') continue
    const name = /([\w$]+)\s*(?:<[^()]*>)?\s*$/.exec(code.slice(Math.max(0, opens - 120), opens))
    if (CONTROL.has(name?.[1] ?? '')) continue
    const body = bodyAfter(code, closes + 1, partners)
    if (body === undefined) continue
    const line = lineOf(code, opens)
    const last = lineOf(code, partners.get(body) ?? body)
    spans.push({ name: name?.[1] ?? '(arrow)', line, last, linesCount: last - line + 1 })
  }
  return spans.map((outer) => {
    const inside = new Set<number>()
    for (const inner of spans) {
      if (inner === outer || inner.line < outer.line || inner.last > outer.last) continue
      if (inner.linesCount === outer.linesCount) continue
      for (let line = inner.line; line <= inner.last; line++) inside.add(line)
    }
    return { ...outer, ownLinesCount: outer.linesCount - inside.size }
  })
}

/** The `{` of the body after a parameter list, past a return type and an arrow, if it is one. */
function bodyAfter(
  code: string,
  from: number,
  partners: ReadonlyMap<number, number>,
): number | undefined {
  let before = ')'
  for (let at = from; at < code.length; at++) {
    const char = code[at] as string
    if (/\s/.test(char)) continue
    if (code.startsWith('=>', at)) {
      before = '=>'
      at++
      continue
    }
    const isType = /\bis\s*$/.test(code.slice(Math.max(0, at - 8), at))
    if (char === '{' && !isType && (before === '=>' || !':|&,<'.includes(before))) return at
    if (before === ')' && char !== ':') return undefined
    if (before === '=>' && !/[({[\w]/.test(char)) return undefined
    if (char === ';' || char === ')' || char === '}' || char === '=' || char === ',') {
      return undefined
    }
    if ('([{'.includes(char)) at = partners.get(at) ?? at
    if (char === '<') at = endOfTypeArguments(code, at)
    before = code[at] === ')' ? '' : (code[at] as string)
  }
  return undefined
}

/** The `>` that closes a `<` in a type; the one of `=>` closes nothing. */
function endOfTypeArguments(code: string, from: number): number {
  let depth = 0
  for (let at = from; at < code.length; at++) {
    if (code[at] === '<') depth++
    if (code[at] === '>' && code[at - 1] !== '=' && --depth === 0) return at
  }
  return code.length
}

function matchBrackets(code: string): Map<number, number> {
  const partners = new Map<number, number>()
  const open: number[] = []
  for (let at = 0; at < code.length; at++) {
    const char = code[at] as string
    if ('([{'.includes(char)) open.push(at)
    if (')]}'.includes(char)) {
      const opens = open.pop()
      if (opens !== undefined) partners.set(opens, at)
    }
  }
  return partners
}

export function lineOf(text: string, at: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i !== -1 && i < at; i = text.indexOf('\n', i + 1)) line++
  return line
}
