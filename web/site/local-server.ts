import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../../base/errors.ts'

export interface LocalServer {
  port: number
  close(): Promise<void>
}

/**
 * Answers requests from this computer only, and of pages from here: one elsewhere whose name was made to point here has another name in `Host`. A request whose answer fails is hung up on.
 * @param port 0 takes any free one
 * @throws UserError when the port is taken
 */
export async function serveLocally(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  port: number,
): Promise<LocalServer> {
  const server = createServer((request, response) => {
    if (!isLocal(request)) response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end('only localhost')
    else answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const got = error.code === 'EADDRINUSE' ? 'one that is taken' : error.message
      fail(new UserError({ where: `--port ${port}`, expected: 'a port to listen on', got, hint: 'Name another one with --port.' }))
    })
    server.listen(port, '127.0.0.1', done)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function isLocal({ headers: { host = '' } }: IncomingMessage): boolean {
  return /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(host)
}
