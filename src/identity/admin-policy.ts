import { parsePattern } from '../core/path.ts'
import { ACTIONS, type Action, type Permission, VERB, VERBS } from '../core/rule.ts'
import { PageParams } from './admin-users.ts'
import { done, type Endpoint, guardedEndpoint, type Outcome, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { type Static, Type } from './shape.ts'
import { Empty, PermissionView, permissionView } from './views.ts'

const Role = Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' })
const Path = Type.String({ maxLength: 255, pattern: '^/?[\\x21-\\x7e]+$' })
const Topic = Type.String({ maxLength: 64 })
// Barong's verbs are taken in lower case too, as Barong does; any other as requests will spell it.
const LOWER = [...VERBS, 'ALL'].map((verb) => verb.toLowerCase()).join('|')
const Verb = Type.Unsafe<string>({
  type: 'string',
  pattern: `^(${LOWER})$|${VERB.source}`,
  refusal: 'admin.permissions.invalid_verb',
})
const PermittedAction = Type.Unsafe<string>({
  type: 'string',
  pattern: `^(${ACTIONS.map((action) => `${action}|${action.toLowerCase()}`).join('|')})$`,
  refusal: 'admin.permissions.invalid_action',
})
const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 })

const NewPermission = Type.Object({
  role: Role,
  verb: Verb,
  path: Path,
  action: PermittedAction,
  topic: Type.Optional(Topic),
})

const ChangedPermission = Type.Object({
  id: Id,
  role: Type.Optional(Role),
  verb: Type.Optional(Verb),
  path: Type.Optional(Path),
  action: Type.Optional(PermittedAction),
  topic: Type.Optional(Topic),
})

const UNKNOWN_ROLE = '422 admin.permission.role_doesnt_exist'
const NOT_FOUND = '404 admin.permission.doesnt_exist'
const PATH_REFUSALS = ['422 admin.permission.invalid_path', '422 admin.permission.invalid_wildcard']

function changeOf(params: Static<typeof ChangedPermission>): Partial<Omit<Permission, 'id'>> {
  const { role, verb, path, action, topic } = params
  return {
    ...(role === undefined ? {} : { role }),
    ...(verb === undefined ? {} : { verb: verb.toUpperCase() }),
    ...(path === undefined ? {} : { path }),
    ...(action === undefined ? {} : { action: action.toUpperCase() as Action }),
    ...(topic === undefined ? {} : { topic }),
  }
}

/** A mistyped role would be a rule for nobody; so a role must exist before rows are added to it. */
async function judgeRole(
  { stores }: Parts,
  role: string | undefined,
): Promise<Outcome | undefined> {
  if (role === undefined || (await stores.policies.hasRole(role))) return undefined
  return refuse(422, 'admin.permission.role_doesnt_exist')
}

/** A path that no request can have, or a star that stands for no segment, is a rule for nothing. */
function judgePath(path: string | undefined): Outcome | undefined {
  const parsed = path === undefined ? undefined : parsePattern(path)
  if (parsed === undefined || 'pattern' in parsed) return undefined
  return refuse(422, `admin.permission.invalid_${parsed.problem}`)
}

function createPolicyQueries({ stores, policyRoutes }: Parts): readonly Endpoint[] {
  const query = { door: 'admin', method: 'GET', access: 'admin' } as const
  return [
    guardedEndpoint({
      ...query,
      path: '/permissions',
      about: 'Permission rows in pages, by id.',
      class: 'admin.permission',
      params: Type.Object({ role: Type.Optional(Role), ...PageParams }),
      success: { status: 200, body: Type.Array(PermissionView) },
      refusals: [],
      answer: async ({ params }) => {
        const { role, page = 1, limit = 100 } = params
        const filter = role === undefined ? {} : { role }
        const { rows, total } = await stores.policies.find({ page, limit, ...filter })
        return done(rows.map(permissionView), { page: { total, page, limit } })
      },
    }),
    guardedEndpoint({
      ...query,
      path: '/routes',
      about: 'The routes in force: what is public, blocked, and for which audience.',
      class: 'admin.route',
      params: Type.Object({}),
      success: { status: 200, body: Type.Object({}, { additionalProperties: true }) },
      refusals: [],
      answer: async () => done(policyRoutes()),
    }),
  ]
}

const edit = { door: 'admin', path: '/permissions', access: 'superadmin' } as const
const recorded = { category: 'admin', topic: 'permissions', isFailureToo: true } as const
const row = { class: 'admin.permission', success: { status: 200, body: PermissionView } } as const

/** Permissions and routes, for administrators. Only a superadmin changes what others may do. */
export function createAdminPolicyEndpoints(parts: Parts): readonly Endpoint[] {
  const { policies } = parts.stores
  return [
    ...createPolicyQueries(parts),
    guardedEndpoint({
      ...edit,
      ...row,
      method: 'POST',
      activity: { ...recorded, action: 'create permission' },
      about: 'Add a permission row; it is in force when this returns.',
      params: NewPermission,
      success: { status: 201, body: PermissionView },
      refusals: [
        UNKNOWN_ROLE,
        '422 admin.permissions.invalid_verb',
        '422 admin.permissions.invalid_action',
        ...PATH_REFUSALS,
      ],
      answer: async ({ actor, params }) => {
        const refused = judgePath(params.path) ?? (await judgeRole(parts, params.role))
        if (refused !== undefined) return refused
        const { role, path, topic = null } = params
        const verb = params.verb.toUpperCase()
        const action = params.action.toUpperCase() as Action
        const added = await policies.add({ role, verb, path, action, topic })
        recordEdit(parts, actor.user.uid, 'added', added)
        return done(permissionView(added))
      },
    }),
    ...createPermissionEdits(parts),
  ]
}

/** Edits of rows that there are. */
function createPermissionEdits(parts: Parts): readonly Endpoint[] {
  const { policies } = parts.stores
  return [
    guardedEndpoint({
      ...edit,
      ...row,
      method: 'PUT',
      activity: { ...recorded, action: 'update permission' },
      about: 'Change a permission row; it is in force when this returns.',
      params: ChangedPermission,
      refusals: [
        NOT_FOUND,
        UNKNOWN_ROLE,
        '422 admin.permissions.invalid_verb',
        '422 admin.permissions.invalid_action',
        ...PATH_REFUSALS,
      ],
      answer: async ({ actor, params }) => {
        const refused = judgePath(params.path) ?? (await judgeRole(parts, params.role))
        if (refused !== undefined) return refused
        const changed = await policies.change(params.id, changeOf(params))
        if (changed === undefined) return refuse(404, 'admin.permission.doesnt_exist')
        recordEdit(parts, actor.user.uid, 'changed', changed)
        return done(permissionView(changed))
      },
    }),
    guardedEndpoint({
      ...edit,
      class: 'admin.permission',
      method: 'DELETE',
      activity: { ...recorded, action: 'delete permission' },
      about: 'Remove a permission row; it is out of force when this returns.',
      params: Type.Object({ id: Id }),
      success: { status: 200, body: Empty },
      refusals: [NOT_FOUND],
      answer: async ({ actor, params: { id } }) => {
        if (!(await policies.remove(id))) return refuse(404, 'admin.permission.doesnt_exist')
        recordEdit(parts, actor.user.uid, 'removed', { id })
        return done({})
      },
    }),
  ]
}

function recordEdit({ log }: Parts, by: string, what: string, row: Partial<Permission>): void {
  log.info({ event: `permission.${what}`, by, row }, 'permission edited')
}
