// What the host must know of the map, as functions: so the map is written down once.
import {
  ED_KEY_BYTES,
  ED_KEYS,
  ED_SIGN_SLOTS_MAX,
  JWT_BEGINNING_OFFSET,
  JWT_CLAIMS_BYTES_MAX,
  JWT_CLAIMS_OFFSET,
  JWT_KEY_HEADS_MAX,
  JWT_KEYS_MAX,
  JWT_TEXT_BYTES_MAX,
  LANES,
  MAC_SLOTS_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
  RANDOM_OFFSET,
} from './layout'

export function messagesAt(): usize {
  return MESSAGES + MESSAGE_HEAD
}

export function messageStride(): usize {
  return MESSAGE_STRIDE
}

export function messageBytesMax(): usize {
  return MESSAGE_BYTES_MAX
}

export function outputAt(): usize {
  return OUTPUT
}

export function parametersAt(): usize {
  return PARAMETERS
}

export function edKeysAt(): usize {
  return ED_KEYS
}

export function edKeyBytes(): usize {
  return ED_KEY_BYTES
}

/** Where the first token's claims are written, as far apart from the next's as messages are. */
export function jwtClaimsAt(): usize {
  return MESSAGES + JWT_CLAIMS_OFFSET
}

export function jwtClaimsBytesMax(): usize {
  return JWT_CLAIMS_BYTES_MAX
}

export function jwtTextBytesMax(): usize {
  return JWT_TEXT_BYTES_MAX
}

/** How long one message may be that is only hashed: it may cover the places of all sixteen. */
export function hashBytesMax(): usize {
  return LANES * MESSAGE_STRIDE - MESSAGE_HEAD - 128
}

export function macSlotsMax(): usize {
  return MAC_SLOTS_MAX
}

export function edSignSlotsMax(): usize {
  return ED_SIGN_SLOTS_MAX
}

/** Where the beginning of tokens is written that is to be prepared. */
export function jwtBeginningAt(): usize {
  return PARAMETERS + JWT_BEGINNING_OFFSET
}

export function jwtKeyHeadsMax(): usize {
  return JWT_KEY_HEADS_MAX
}

export function jwtKeysMax(): usize {
  return JWT_KEYS_MAX
}

/** Where the random bytes of hedged nonces are written, sixteen for each signature. */
export function randomAt(): usize {
  return PARAMETERS + RANDOM_OFFSET
}
