import assert from 'node:assert/strict'
import type { Scenario } from './scenarios.ts'
import { assertRefused, asUser, type Login, type Stand, USER_AGENT } from './stand.ts'
import type { Response } from './wire.ts'

const RESTRICTIONS = '/api/v2/admin/restrictions'

async function tell(
  stand: Stand,
  method: string,
  target: string,
  login: Login | undefined,
  body: object,
): Promise<Response> {
  const own: [string, string][] =
    login === undefined
      ? [['User-Agent', USER_AGENT]]
      : asUser(login, ['X-CSRF-Token', login.csrfToken]).map(([name, value]) => [name, value])
  const headers = [...own, ['Content-Type', 'application/json'] as const]
  const response = await stand.ask({ method, target, headers, body: JSON.stringify(body) })
  stand.echo.clear()
  return response
}

function read<T>(response: Response, status: number): T {
  assert.equal(response.status, status, response.body)
  return JSON.parse(response.body) as T
}

/** What administrators say of addresses holds at once, and is taken back at once. */
export const RESTRICTED: readonly Scenario[] = [
  {
    name: 'maintenance keeps everybody out but who holds a whitelink, and is off again at once',
    async run(stand) {
      const login = await stand.loginAnew()
      const asked = [{ target: '/public/x' }, { target: '/api/v2/orders/7' }]
      const askAll = () =>
        Promise.all(asked.map((one) => stand.ask({ ...one, headers: asUser(login) })))

      const link = await tell(stand, 'POST', `${RESTRICTIONS}/whitelink`, login, {})
      const { whitelink_token } = read<{ whitelink_token: string }>(link, 201)
      const all = { category: 'maintenance', scope: 'all', value: 'all' }
      const on = await tell(stand, 'POST', RESTRICTIONS, login, all)
      const { id } = read<{ id: number }>(on, 201)
      for (const response of await askAll()) {
        assertRefused(stand, response, 471, 'authz.restrict.maintenance')
      }
      const target = '/api/v2/identity/users/access'
      read(await tell(stand, 'POST', target, undefined, { whitelink_token }), 201)
      assert.deepEqual(
        (await askAll()).map((response) => response.status),
        [200, 200],
      )
      const rows = read<{ id: number }[]>(
        await stand.ask({ target: RESTRICTIONS, headers: asUser(login) }),
        200,
      )
      // The whitelist goes last: it is what lets the administrator speak.
      for (const row of [id, ...rows.map((one) => one.id).filter((one) => one !== id)]) {
        read(await tell(stand, 'DELETE', `${RESTRICTIONS}?id=${row}`, login, {}), 200)
      }
      stand.echo.clear()
      assert.deepEqual(
        (await askAll()).map((response) => response.status),
        [200, 200],
      )
    },
  },
]
