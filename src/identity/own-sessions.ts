import { done, type Endpoint, guardedEndpoint, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { Type } from './shape.ts'
import { Empty, SessionView, sessionView } from './views.ts'

/** One's own sessions: what is signed in, and ending it. */
export function createOwnSessionEndpoints({ stores }: Parts): readonly Endpoint[] {
  const mine = { door: 'resource', access: 'user', class: 'resource.session' } as const
  return [
    guardedEndpoint({
      ...mine,
      method: 'GET',
      path: '/sessions',
      about: 'The user’s live sessions, newest first; ids are hashes and open nothing.',
      params: Type.Object({}),
      success: { status: 200, body: Type.Array(SessionView) },
      refusals: [],
      answer: async ({ actor }) => {
        const listings = await stores.sessions.list(actor.user.uid)
        return done(listings.map((listing) => sessionView(listing, actor.sessionHash)))
      },
    }),
    guardedEndpoint({
      ...mine,
      method: 'DELETE',
      path: '/sessions/:id',
      about: 'End one of the user’s sessions.',
      params: Type.Object({ id: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) }),
      success: { status: 200, body: Empty },
      refusals: ['404 resource.session.not_found', '422 resource.session.invalid_id'],
      answer: async ({ actor, params }) => {
        const listing = await stores.sessions.find(params.id)
        // Another’s session is answered as one that does not exist.
        if (
          listing?.session.uid !== actor.user.uid ||
          !(await stores.sessions.end(params.id, 'revoked'))
        ) {
          return refuse(404, 'resource.session.not_found')
        }
        return done({})
      },
    }),
    guardedEndpoint({
      ...mine,
      method: 'DELETE',
      path: '/sessions',
      about: 'End all of the user’s sessions but the one that asks.',
      params: Type.Object({}),
      success: { status: 200, body: Type.Object({ ended: Type.Integer() }) },
      refusals: [],
      answer: async ({ actor }) =>
        done({ ended: await stores.sessions.endAll(actor.user.uid, actor.sessionHash) }),
    }),
  ]
}
