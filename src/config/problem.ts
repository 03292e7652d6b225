/** One thing wrong with the configuration. Never holds a secret. */
export interface Problem {
  /** The setting as its source spells it: variable, key or flag. */
  readonly setting: string
  /** What is wrong and what is expected. */
  readonly text: string
}

/** A wrong value is shown up to here. */
const SHOWN_CHARS_MAX = 80

/** All problems as lines for a person, with where to read on. */
export function renderProblems(problems: readonly Problem[]): string {
  const lines = problems.map((problem) => `  ${problem.setting}: ${problem.text}`)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return `${[`${count} in the configuration:`, ...lines].join('\n')}\nSee docs/configuration.md.\n`
}

/** A value as evidence: one line, bounded, and without the credentials that a URL may carry. */
export function quote(value: string): string {
  const shown = value.replace(/\/\/[^/]*@/g, '//[secret]@')
  const chars = Array.from(shown)
  const short =
    chars.length > SHOWN_CHARS_MAX ? `${chars.slice(0, SHOWN_CHARS_MAX).join('')}…` : shown
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?')
}
