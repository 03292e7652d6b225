/**
 * Source files without a test of their own, each with the test that runs them: they are wiring, or
 * one half of a promise that is tested once for both halves.
 */
export const TESTED_THROUGH: Readonly<Record<string, string>> = {}
