import { AsyncLocalStorage } from 'node:async_hooks'
import type { Acknowledger, Receipt } from './acknowledge.ts'

type Putting = ReturnType<Acknowledger['putInForce']>

/**
 * Receipts of the changes that one call made. Changes within `collect` do not wait one by one:
 * they are put on the board in order and waited for together, at the end.
 */
export interface Receipts {
  /** Runs the work, then waits for all that it changed; rejects if one is not in force. */
  collect<T>(work: () => Promise<T>): Promise<{
    readonly value: T
    /** Of all its changes as one; undefined if it made none. */
    readonly receipt: Receipt | undefined
  }>
  /** Waits until a change is on the board, and outside of `collect` until it is in force. */
  note(putting: Putting): Promise<void>
}

export function createReceipts(
  onReceipt: (receipt: Receipt) => void = () => undefined,
  onNotInForce: () => void = () => undefined,
): Receipts {
  const collecting = new AsyncLocalStorage<Promise<Receipt>[]>()
  function refused(fault: unknown): never {
    onNotInForce()
    throw fault
  }

  return {
    async collect(work) {
      const noted: Promise<Receipt>[] = []
      const value = await collecting.run(noted, work)
      const receipts = await Promise.all(noted)
      return { value, receipt: receipts.length === 0 ? undefined : mergeReceipts(receipts) }
    },
    async note(putting) {
      const { inForce } = await putting.catch(refused)
      const counted = inForce.then((receipt) => {
        onReceipt(receipt)
        return receipt
      }, refused)
      const noted = collecting.getStore()
      if (noted === undefined) {
        await counted
        return
      }
      // If the work fails nobody looks at it any more.
      counted.catch(() => undefined)
      noted.push(counted)
    },
  }
}

/** The last change as it stands, with the longest wait and the worst path of all. */
export function mergeReceipts(receipts: readonly Receipt[]): Receipt {
  const [first, ...more] = receipts
  if (first === undefined) throw new Error('no receipts')
  return more.reduce((all, one) => {
    const last = one.seq > all.seq ? one : all
    const { seq, membersCount, reportedCount } = last
    return {
      ...{ seq, membersCount, reportedCount },
      afterMs: Math.max(all.afterMs, one.afterMs),
      path: all.path === 'slow' || one.path === 'slow' ? 'slow' : 'fast',
    }
  }, first)
}
