import uWebSockets from 'uWebSockets.js'
import { type Answer, readAnswer } from './answer.ts'

/**
 * The bare engine: the same bytes to whoever asks for whatever, from buffers made beforehand, and
 * no logic. Nothing on this engine can be quicker.
 */
function serve(port: number, { status, headers, body }: Answer): void {
  const statusLine = Buffer.from(status)
  const lines = headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
  const bytes = Buffer.from(body)
  uWebSockets
    .App()
    .any('/*', (response) => {
      response.writeStatus(statusLine)
      for (const [name, value] of lines) response.writeHeader(name, value)
      response.end(bytes)
    })
    .listen('127.0.0.1', port, (token) => {
      if (token === false) process.exit(1)
    })
}

serve(Number(process.argv[2]), readAnswer(process.argv[3]))
