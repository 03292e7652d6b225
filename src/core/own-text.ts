/**
 * The same text in memory of its own. What is cut out of a header or a record is a view of all of
 * it: remembered as such it would keep the whole alive, and be slower to compare. Text that UTF-8
 * cannot spell stays as it is.
 */
export function ownText(text: string): string {
  const own = Buffer.from(text, 'utf8').toString('utf8')
  return own === text ? own : text
}
