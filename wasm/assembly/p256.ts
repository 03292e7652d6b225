// ECDSA over P-256.
export function p256Ready(): i32 {
  return 0
}
