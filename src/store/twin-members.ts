import type { EventEmitter } from 'node:events'
import type { Invalidations } from './invalidations.ts'
import type { Members, Roster } from './members.ts'

export interface TwinMark {
  appliedSeq: number
  readonly beat: number
}

interface State {
  readonly members: Map<string, TwinMark>
  head(): { readonly epoch: string; readonly seq: number }
  roster(): Roster
  nextBeat(): number
}

type MembersPart = Members & Pick<Invalidations, 'heartbeat' | 'report' | 'leave'>

/** The members' list of the twin; words about it arrive later, as through a socket. */
export function createTwinMembers(state: State, emitter: EventEmitter): MembersPart {
  const { members } = state
  const say = (...words: readonly unknown[]) => setImmediate(() => emitter.emit('report', ...words))

  return {
    async heartbeat(worker, appliedSeq) {
      const head = state.head()
      members.set(worker, { appliedSeq, beat: state.nextBeat() })
      return head
    },
    async report(worker, appliedSeq) {
      state.head()
      const mark = members.get(worker)
      if (mark === undefined || mark.appliedSeq >= appliedSeq) return
      mark.appliedSeq = appliedSeq
      say(worker, appliedSeq)
    },
    async leave(worker) {
      if (members.delete(worker)) say()
    },
    members: async () => state.roster(),
    async prune(worker, beat) {
      state.head()
      if (members.get(worker)?.beat !== beat) return false
      members.delete(worker)
      say()
      return true
    },
    async hearReports(handler) {
      emitter.on('report', (worker?: string, appliedSeq = 0) => {
        if (worker === undefined) handler.changed()
        else handler.reported(worker, appliedSeq)
      })
    },
  }
}
