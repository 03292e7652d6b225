/** Seeds whose histories have broken a rule once, and what was wrong. */
export const ONCE_BROKEN = [
  // Pushes were lost: refused by what was read of a user, allowed by what was remembered of a key.
  103_028,
] as const
