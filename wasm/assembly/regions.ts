// What the host must know of the map, as functions: so the map is written down once.
import {
  ED_KEY_BYTES,
  ED_KEYS,
  MESSAGE_BYTES_MAX,
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
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
