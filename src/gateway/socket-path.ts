import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { EngineError } from './engine.ts'

/**
 * Makes way for a unix socket: removes one that nobody answers on. A live socket, or a file
 * that is none, stays and is an EngineError; replacing it would silently steal its traffic.
 */
export async function clearSocketPath(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new EngineError(`Cannot listen on ${path}: a file that is no socket is there. Move it.`)
  }
  if (await isAnswered(path)) {
    throw new EngineError(
      `Cannot listen on ${path}: another process answers there. Stop it, or choose another path.`,
    )
  }
  await unlink(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Only a refusal proves that nobody listens; EACCES or EAGAIN may hide a live server.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
    })
  })
}
