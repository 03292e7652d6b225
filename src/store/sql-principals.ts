import type { Queryable } from './database.ts'
import type { Principals } from './principals.ts'
import { PRINCIPAL_COLUMNS, type PrincipalRow, principalOf } from './rows.ts'

const SELECT_USER = `select ${PRINCIPAL_COLUMNS} from users u where u.uid = $1`
const SELECT_SERVICE = `
  select s.uid, null as username, s.email, s.role, s.level, s.state, false as otp,
    null as referral_id, s.version::float8 as version
  from service_accounts s where s.uid = $1`

export function createPrincipals(database: Queryable): Principals {
  return {
    async load(uid) {
      const [user] = await database.query<PrincipalRow>(SELECT_USER, [uid])
      if (user !== undefined) return principalOf(user)
      const [service] = await database.query<PrincipalRow>(SELECT_SERVICE, [uid])
      return service === undefined ? undefined : { ...principalOf(service), kind: 'service' }
    },
  }
}
