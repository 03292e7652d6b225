/** Where the parts of a running `dvara dev` answer, and how to sign in. */
export interface Places {
  readonly authorizer: string
  readonly identity: string
  readonly ops: string
}

export interface TourOptions {
  readonly places: Places
  /** The file that holds the administrator's e-mail and password. */
  readonly devFile: string
  readonly cookieJar: string
}

/** What a stranger pastes into a shell to see a sign-in, a JWT, a logout and a refusal. */
export function renderTour({ places, devFile, cookieJar }: TourOptions): string {
  const { authorizer, identity } = places
  return `# 1. Sign in as the administrator. The cookie goes into a jar; no token is handed out.
curl -sS -c ${cookieJar} -H 'Content-Type: application/json' \\
  -d "$(node -p 'JSON.stringify(JSON.parse(fs.readFileSync("${devFile}", "utf8")).admin)')" \\
  ${identity}/api/v2/identity/sessions; echo

# 2. Ask as nginx would: may this request pass? 200, and a JWT for the upstream.
ask() {
  curl -sS -i -b ${cookieJar} -H 'X-Original-Method: GET' -H 'X-Real-IP: 127.0.0.1' \\
    -H 'X-Original-URI: /api/v2/resource/users/me' ${authorizer}/authz/nginx
}
ask

# 3. Look into the JWT.
ask | sed -n 's/^authorization: Bearer [^.]*[.]\\([^.]*\\)[.].*/\\1/Ip' |
  node -p 'Buffer.from(fs.readFileSync(0, "utf8"), "base64url").toString()'

# 4. Log out, and ask again: 401, authz.invalid_session.
curl -sS -b ${cookieJar} -X DELETE ${identity}/api/v2/identity/sessions; echo
ask
`
}
