import { createServer } from 'node:http'
import { type Answer, readAnswer } from './answer.ts'

/** node:http, the same bytes to whoever asks for whatever, and no logic. */
function serve(port: number, { status, headers, body }: Answer): void {
  const code = Number.parseInt(status, 10)
  const lines = headers.flat()
  createServer((_request, response) => {
    response.writeHead(code, lines)
    response.end(body)
  }).listen(port, '127.0.0.1')
}

serve(Number(process.argv[2]), readAnswer(process.argv[3]))
