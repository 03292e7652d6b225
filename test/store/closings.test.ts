import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sidOf as sidOfTokens } from '../../src/crypto/digest.ts'
import { EPOCH_STRIDE } from '../../src/store/board.ts'
import {
  type Closing,
  type ClosingPlace,
  comparePlaces,
  isCutOff,
  PLACE_END,
  printPlace,
  readPlace,
  sidOf,
} from '../../src/store/closings.ts'
import { createTwinClosings } from '../../src/store/twin-closings.ts'
import { createMember, signIn, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`ended sessions are told: ${name}`, () => {
    let world: World
    before(async () => {
      world = await open()
    })
    after(() => world?.close())

    const head = async () => (await world.identity.closings.closedSince(undefined)).head
    async function since(place: ClosingPlace) {
      const { closings, isGap } = await world.identity.closings.closedSince(place)
      const told = closings.map(({ sid, uid, reason }) => ({ sid, uid, reason }))
      return { told, isGap, closings }
    }

    test('a logout by its sid, with the number that it came into force with', async () => {
      const session = await signIn(world.identity)
      const from = await head()
      assert.equal(await world.identity.sessions.end(session.hash), true)
      const { told, isGap, closings } = await since(from)
      const sid = sidOfTokens(session.hash)
      assert.deepEqual(told, [{ sid, uid: session.uid, reason: 'logout' }])
      assert.equal(isGap, false)
      const { seq, at } = closings[0] as Closing
      assert.deepEqual([seq, at], [from.seq + 1, 0])
      assert.deepEqual((await since({ seq, at })).told, [])
    })

    test('the end of all by each sid, and by the user as a whole', async () => {
      const uid = await createMember(world.identity)
      const sessions = [await signIn(world.identity, uid), await signIn(world.identity, uid)]
      const from = await head()
      assert.equal(await world.identity.sessions.endAll(uid, undefined, 'ban'), 2)
      const sids = [...sessions.map(({ hash }) => sidOfTokens(hash)), ''].sort()
      const { told } = await since(from)
      assert.deepEqual(told.map(({ sid }) => sid).sort(), sids)
      assert.ok(told.every((one) => one.uid === uid && one.reason === 'ban'))
    })

    test('where one session is kept only the others are told', async () => {
      const uid = await createMember(world.identity)
      const [kept, other] = [await signIn(world.identity, uid), await signIn(world.identity, uid)]
      const from = await head()
      await world.identity.sessions.endAll(uid, kept.hash, 'password')
      const sid = sidOfTokens(other.hash)
      assert.deepEqual((await since(from)).told, [{ sid, uid, reason: 'password' }])
    })

    test('whoever stood in an earlier filling of Redis has missed something', async () => {
      const { seq } = await head()
      const cases: [place: ClosingPlace, isGap: boolean][] = [
        [{ seq, at: PLACE_END }, false],
        [{ seq: EPOCH_STRIDE, at: 0 }, false],
        [{ seq: EPOCH_STRIDE - 1, at: 0 }, true],
        [{ seq: 0, at: 0 }, true],
        [{ seq: seq + 1, at: 0 }, true],
      ]
      for (const [place, isGap] of cases) {
        assert.equal((await since(place)).isGap, isGap, printPlace(place))
      }
    })
  })
}

test('what was cut off is a gap for whoever stands before what is left', () => {
  const kept = { epochSeq: 100, headSeq: 150, trimmedCount: 1, first: { seq: 120, at: 1 } }
  const cases: [from: ClosingPlace, isGap: boolean][] = [
    [{ seq: 120, at: 0 }, true],
    [{ seq: 120, at: 1 }, false],
    [{ seq: 110, at: 0 }, true],
    [{ seq: 130, at: 0 }, false],
  ]
  for (const [from, isGap] of cases) assert.equal(isCutOff(from, kept), isGap, printPlace(from))
  assert.equal(isCutOff({ seq: 110, at: 0 }, { ...kept, trimmedCount: 0 }), false)
})

test('the twin cuts off what is too much, and says so', () => {
  const closings = createTwinClosings()
  const one = { sid: 's', uid: 'u', reason: 'logout' } as const
  for (let seq = 1; seq <= 12_000; seq++) closings.append(seq, [one])
  assert.equal(closings.since({ seq: 0, at: 0 }, 12_000).isGap, true)
  const { isGap, closings: last } = closings.since({ seq: 11_998, at: 0 }, 12_000)
  assert.deepEqual([isGap, last.length], [false, 2])
  closings.restart()
  assert.equal(closings.since({ seq: 0, at: 0 }, 0).isGap, false)
})

test('a place is read back as it was printed, and nothing else is one', () => {
  for (const place of [
    { seq: 0, at: 0 },
    { seq: 2 ** 40, at: PLACE_END },
  ]) {
    assert.deepEqual(readPlace(printPlace(place)), place)
  }
  for (const text of ['', '1', '1-', '-1', '1-2-3', 'a-1', '1-1 ', `${'9'.repeat(17)}-0`]) {
    assert.equal(readPlace(text), undefined, text)
  }
  assert.ok(comparePlaces({ seq: 1, at: 9 }, { seq: 2, at: 0 }) < 0)
})

test('a sid is spelled here as in tokens', () => {
  for (const hash of ['', 'hash', 'ünïcode']) assert.equal(sidOf(hash), sidOfTokens(hash))
})
