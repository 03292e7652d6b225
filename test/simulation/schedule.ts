/** One thing that will happen; called off, it happens as nothing. */
export interface Planned {
  readonly atMs: number
  readonly order: number
  call: (() => void) | undefined
}

/**
 * Virtual time. What is due is called in the order of time, then of planning; after each call all
 * promises that can settle have settled, so that nothing is left to the order of the machine.
 */
export interface Schedule {
  nowMs(): number
  plan(atMs: number, call: () => void): Planned
  /** Until nothing is due any more before `untilMs`, or `isEnough` says so after a call. */
  run(untilMs: number, isEnough: () => boolean): void
  callsCount(): number
}

const settlePromises = findSettle()

export function createSchedule(): Schedule {
  const heap: Planned[] = []
  let nowMs = 0
  let planned = 0
  let called = 0

  function isBefore(one: Planned, other: Planned): boolean {
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
  }

  function push(one: Planned): void {
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Planned
      if (!isBefore(one, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = one
  }

  function pop(): Planned {
    const first = heap[0] as Planned
    const last = heap.pop() as Planned
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Planned, heap[below] as Planned)) {
        below += 1
      }
      const child = heap[below] as Planned
      if (!isBefore(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
    return first
  }

  return {
    nowMs: () => nowMs,
    plan(atMs, call) {
      planned += 1
      const one = { atMs: Math.max(atMs, nowMs), order: planned, call }
      push(one)
      return one
    },
    run(untilMs, isEnough) {
      for (;;) {
        const next = heap[0]
        if (next === undefined || next.atMs > untilMs) break
        const { call } = pop()
        if (call === undefined) continue
        nowMs = next.atMs
        called += 1
        call()
        settlePromises()
        if (isEnough()) return
      }
      nowMs = Math.max(nowMs, untilMs)
    },
    callsCount: () => called,
  }
}

/**
 * Node settles promises between two calls of its own loop. Doing so here, thousands of times
 * within one turn, needs the same function that Node calls there. It works in a turn of the loop,
 * not inside a promise, and says so itself rather than let a history run half.
 */
function findSettle(): () => void {
  const { _tickCallback: settle } = process as unknown as { _tickCallback?: () => void }
  if (typeof settle !== 'function') throw new Error('this Node cannot settle promises on demand')
  return () => settle.call(process)
}

/** Runs `work` in a turn of its own, where promises can be settled on demand. */
export function inOwnTurn<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        let isSettled = false
        Promise.resolve().then(() => {
          isSettled = true
        })
        settlePromises()
        if (!isSettled) throw new Error('promises do not settle on demand')
        resolve(work())
      } catch (problem) {
        reject(problem)
      }
    })
  })
}
