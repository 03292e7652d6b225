import { after, test } from 'node:test'
import { hireWorker } from './crew.ts'
import { keepRules } from './keep.ts'

const worker = hireWorker()
after(worker.dismiss)

// In a file of its own, which runs beside the others.
test('another thousand histories keep every rule', () => keepRules(worker, 1_001, 1_000))
