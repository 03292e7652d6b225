import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { EngineError } from '../../src/gateway/engine.ts'
import { clearSocketPath } from '../../src/gateway/socket-path.ts'

test('a free path, a file and a live socket are left as they are', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dvara-'))
  t.after(() => rmSync(folder, { recursive: true }))
  await clearSocketPath(join(folder, 'free'))

  const file = join(folder, 'file')
  writeFileSync(file, '')
  await assert.rejects(clearSocketPath(file), EngineError)
  assert.ok(existsSync(file))
  await assert.rejects(clearSocketPath(folder), EngineError)

  const path = join(folder, 's.sock')
  const server = createServer().listen(path)
  await once(server, 'listening')
  t.after(() => server.close())
  await assert.rejects(clearSocketPath(path), /another process answers there/)
  assert.ok(existsSync(path))
})
