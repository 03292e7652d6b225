import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'

test('the root is the folder that holds package.json', () => {
  assert.ok(existsSync(join(projectRoot, 'package.json')))
})
