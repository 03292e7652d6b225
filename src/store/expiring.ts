interface Entry<T> {
  value: T
  untilMs: number
}

/** A map whose entries are gone at their instant. */
export function createExpiring<T>(nowMs: () => number) {
  const entries = new Map<string, Entry<T>>()
  const known = (key: string): Entry<T> | undefined => {
    const entry = entries.get(key)
    return entry !== undefined && entry.untilMs > nowMs() ? entry : undefined
  }
  return {
    read: (key: string): T | undefined => known(key)?.value,
    remember(key: string, value: T, untilMs: number): void {
      entries.set(key, { value, untilMs: Math.max(untilMs, known(key)?.untilMs ?? 0) })
    },
    forget: (key: string): boolean => entries.delete(key),
    sweep(): void {
      const now = nowMs()
      for (const [key, entry] of entries) if (entry.untilMs <= now) entries.delete(key)
    },
  }
}
