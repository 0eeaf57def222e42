import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream'
import { serveLocally } from './local-server.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.wasm': 'application/wasm', // another type would keep browsers from compiling it while it loads
}

export interface SiteServer {
  url: string
  close(): Promise<void>
}

/**
 * Serves a folder on this computer only, and nothing that a link in it leads to outside.
 * @param options.port 0 takes any free one
 * @param options.path where the site lies, with slashes at both ends
 * @throws UserError when the port is taken
 */
export async function serveSite(dir: string, options: { port: number; path?: string }): Promise<SiteServer> {
  const { port, path = '/' } = options
  const root = await realpath(dir)
  const server = await serveLocally((request, response) => answer(root, path, request, response), port)
  return { url: `http://localhost:${server.port}${path}`, close: server.close }
}

async function answer(root: string, path: string, { method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = decodeURIComponent(new URL(url, 'http://localhost').pathname)
  const named = resolve(join(root, asked.slice(path.length), asked.endsWith('/') ? 'index.html' : ''))
  const file = await realpath(named).catch(() => named)
  const isInside = asked.startsWith(path) && [named, file].every((place) => place.startsWith(root + sep))
  const found = isInside ? await stat(file).catch(() => undefined) : undefined
  if (!found?.isFile() || (method !== 'GET' && method !== 'HEAD')) {
    response.writeHead(found ? 405 : 404, { 'content-type': types['.txt'] }).end(found ? 'only GET' : 'no such file')
    return
  }
  const type = types[extname(file)] ?? 'application/octet-stream'
  response.writeHead(200, { 'content-type': type, 'content-length': found.size, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
  if (method === 'HEAD') response.end()
  else pipeline(createReadStream(file), response, () => {}) // closes the file, too, when the visitor leaves
}
