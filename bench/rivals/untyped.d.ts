/** As much of the package as is used; it brings no types. */
declare module 'express' {
  import type { IncomingMessage } from 'node:http'

  interface Response {
    status(code: number): Response
    set(name: string, value: string): Response
    json(body: object): void
    end(): void
  }
  interface Application {
    disable(name: string): void
    get(path: string, answer: (request: IncomingMessage, response: Response) => void): void
    listen(port: number, host: string): void
  }
  const express: () => Application
  export = express
}
