// What the module exports of ECDSA over P-256.
export { gcdInvert25519, gcdInvertBoth, gcdInvertN, gcdInvertP } from './gcd'
export { p256SignBatch } from './p256-batch'
export {
  p256ForgetKey,
  p256KeepKey,
  p256KeySlotsMax,
  p256PublicKey,
  p256Sign,
  p256StartSigning,
  p256WorkAt,
  p256WorkEnd,
} from './p256-sign'
export {
  p256KeyBytes,
  p256KeyIsSound,
  p256KeysAt,
  p256PrepareKey,
  p256StartVerifying,
  p256Verify,
} from './p256-verify'
