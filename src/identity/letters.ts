/** One mail, ready to be sent. */
export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

interface Said {
  readonly to: string
  readonly subject: string
  readonly opening: string
  /** A page and the code it needs; undefined for a letter that only tells something. */
  readonly action:
    | { readonly label: string; readonly link: string; readonly code: string }
    | undefined
  readonly closing: string
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

function write({ to, subject, opening, action, closing }: Said): Letter {
  const paragraphs = [opening]
  const html = [`<p>${escapeHtml(opening)}</p>`]
  if (action !== undefined) {
    paragraphs.push(`${action.label}:\n${action.link}`, `Or enter this code:\n${action.code}`)
    html.push(
      `<p><a href="${escapeHtml(action.link)}">${escapeHtml(action.label)}</a></p>`,
      `<p>Or enter this code:</p><p><code>${escapeHtml(action.code)}</code></p>`,
    )
  }
  paragraphs.push(closing)
  html.push(`<p>${escapeHtml(closing)}</p>`)
  const page = `<!doctype html><html lang="en"><body>${html.join('')}</body></html>`
  return { to, subject, text: `${paragraphs.join('\n\n')}\n`, html: page }
}

interface Mailed {
  readonly to: string
  readonly publicOrigin: string
}

export function writeConfirmation(
  at: Mailed & { code: string; isUsernameDropped?: boolean },
): Letter {
  const opening = 'Please confirm that this address is yours; until then you cannot sign in.'
  const dropped = ' The username you chose is taken, so the account has none.'
  return write({
    to: at.to,
    subject: 'Confirm your e-mail address',
    opening: at.isUsernameDropped === true ? opening + dropped : opening,
    action: {
      label: 'Confirm this address',
      link: `${at.publicOrigin}/accounts/confirmation?confirmation_token=${at.code}`,
      code: at.code,
    },
    closing: 'If you did not sign up, ignore this letter: nothing happens without the code.',
  })
}

export function writeReset(at: Mailed & { code: string }): Letter {
  return write({
    to: at.to,
    subject: 'Set a new password',
    opening: 'Someone, hopefully you, asked for a new password for your account.',
    action: {
      label: 'Set a new password',
      link: `${at.publicOrigin}/accounts/password_reset?reset_token=${at.code}`,
      code: at.code,
    },
    closing: 'If it was not you, ignore this letter: your password stays as it is.',
  })
}

/** What the owner of an address hears when somebody signs up with it again. */
export function writeTaken(at: Mailed): Letter {
  return write({
    to: at.to,
    subject: 'You already have an account',
    opening: `Someone signed up at ${at.publicOrigin} with this address, which has an account.`,
    action: undefined,
    closing:
      'If it was you, sign in, or ask for a new password there: that also confirms the address, ' +
      'and nobody else knows the password then. If it was not you, there is nothing to do.',
  })
}
