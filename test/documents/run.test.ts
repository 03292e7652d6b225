import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createFolder, removeFolder } from '../process/servers.ts'
import { type DocumentedDvara, runBlock } from './run.ts'

let dvara: DocumentedDvara
before(async () => {
  const folder = await createFolder('blocks')
  dvara = { folder, environment: { EMAIL: 'a@b.c' }, stop: () => removeFolder(folder) }
})
after(() => dvara.stop())

test('a block meets its environment, and prints to both streams', async () => {
  const printed = await runBlock(dvara, 'echo "$EMAIL"; echo second >&2')
  assert.match(printed, /a@b\.c/)
  assert.match(printed, /second/)
})

test('what one block exports and writes, the next one finds', async () => {
  await runBlock(dvara, 'export TOKEN="two words"\necho kept > file')
  assert.equal(await runBlock(dvara, 'echo "$TOKEN"; cat file'), 'two words\nkept\n')
})

test('a command that fails ends its block with an error, in a pipe too', async () => {
  await assert.rejects(runBlock(dvara, 'false\necho reached'), /ended with 1:\n\$ false/)
  await assert.rejects(runBlock(dvara, 'false | cat'), /ended with 1/)
  await assert.rejects(runBlock(dvara, 'echo "$NOT_SET_ANYWHERE"'), /ended with/)
})
