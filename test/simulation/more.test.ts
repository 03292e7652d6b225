import { test } from 'node:test'
import { keepRules } from './keep.ts'

// In a file of its own, which runs beside the others.
test('another thousand histories keep every rule', () => keepRules(1_001, 1_000))
