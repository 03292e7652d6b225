import { createAboutEndpoints } from './about.ts'
import { createAccessEndpoints } from './access.ts'
import { createActivityEndpoints } from './activity-log.ts'
import { createAdminAccountEndpoints } from './admin-accounts.ts'
import { createAdminPolicyEndpoints } from './admin-policy.ts'
import { createAdminRestrictionEndpoints } from './admin-restrictions.ts'
import { createAdminUserEndpoints } from './admin-users.ts'
import { createEmailCodeEndpoints } from './email-codes.ts'
import type { Endpoint } from './endpoint.ts'
import { createMeEndpoints } from './me.ts'
import { createOtpEndpoints } from './otp.ts'
import { createOwnAccountEndpoints } from './own-accounts.ts'
import { createOwnKeyEndpoints } from './own-keys.ts'
import { createOwnSessionEndpoints } from './own-sessions.ts'
import type { Parts } from './parts.ts'
import { createPasswordCodeEndpoints } from './password-codes.ts'
import { createSessionEndpoints } from './sessions.ts'
import { createSignUpEndpoints } from './sign-up.ts'

/** The whole API, in the order in which it is documented. */
export function createEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    ...createSessionEndpoints(parts),
    ...createSignUpEndpoints(parts),
    ...createAccessEndpoints(parts),
    ...createEmailCodeEndpoints(parts),
    ...createPasswordCodeEndpoints(parts),
    ...createAboutEndpoints(parts),
    ...createMeEndpoints(parts),
    ...createOwnSessionEndpoints(parts),
    ...createOtpEndpoints(parts),
    ...createOwnKeyEndpoints(parts),
    ...createOwnAccountEndpoints(parts),
    ...createAdminUserEndpoints(parts),
    ...createAdminAccountEndpoints(parts),
    ...createAdminPolicyEndpoints(parts),
    ...createAdminRestrictionEndpoints(parts),
    ...createActivityEndpoints(parts),
  ]
}
