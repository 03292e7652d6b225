import { REASONS } from '../core/reason.ts'

/** docs/reasons.md. */
export function renderReasonsPage(): string {
  const lines = [
    '# Reasons',
    '',
    '<!-- Generated from src/core/reason.ts: npm run docs -->',
    '',
    'Every refusal names one reason: in the body as `{"errors":["authz.…"]}`, in the header',
    '`X-Auth-Reason`, and as the label `reason` of `dvara_decisions_total`. The table is in order',
    'of precedence: where several hold, the first is given. A code is never renamed, never reused.',
    '',
    'The status is the one that gateways pass on; nginx hears only 401 and 403, so every other',
    'status reaches it as 403.',
    '',
    '| Reason | Status | Means | What to do |',
    '|---|---|---|---|',
  ]
  for (const [reason, row] of Object.entries(REASONS)) {
    lines.push(`| \`${reason}\` | ${row.status} | ${cell(row.means)} | ${cell(row.remedy)} |`)
  }
  return `${lines.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
