import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename, resolve } from 'node:path'
import { html, type Markup } from '../../report/html/markup.ts'
import { serveLocally } from '../site/local-server.ts'
import { livePage } from './live-page.ts'
import { readLiveRun, signatureOf } from './live-run.ts'
import { liveView } from './live-view.ts'

export interface LiveServer {
  url: string
  close(): Promise<void>
}

/** How often the logs are looked at, ms. */
const interval = 1000
const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' }

/**
 * Serves a page on this computer only that follows a run: `/` is the page, `/events` sends its content anew whenever a log has
 * grown (server-sent events). A file opened without a server could not read the log.
 * @param options.port 0 takes any free one
 * @throws UserError for a folder that is missing or damaged, and for a port that is taken
 */
export async function serveLive(dir: string, options: { port: number }): Promise<LiveServer> {
  await readLiveRun(dir) // mistakes are met now, not in a browser
  const responses = new Set<ServerResponse>()
  let signature = ''
  let view: Markup = html``
  const look = async (): Promise<void> => {
    const found = await signatureOf(dir)
    if (found === signature) return
    view = await currentView(dir)
    signature = found
    for (const response of responses) response.write(message(view))
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET') return void response.writeHead(405, headers).end('only GET')
    if (request.url === '/events') {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' })
      response.write(message(view))
      responses.add(response)
      response.once('close', () => responses.delete(response))
    } else if (request.url === '/') {
      await look()
      const page = await livePage(basename(resolve(dir)), view)
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' }).end(page)
    } else response.writeHead(404, headers).end('no such page')
  }
  const server = await serveLocally(answer, options.port)
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  const tick = async (): Promise<void> => {
    await look()
    if (!isClosed) timer = setTimeout(tick, interval)
  }
  await tick()
  return {
    url: `http://localhost:${server.port}/`,
    close: () => {
      isClosed = true
      clearTimeout(timer)
      return server.close()
    },
  }
}

/** A log that cannot be read now, or is gone while a run starts over, may be whole in a second: the page says what is wrong and goes on. */
async function currentView(dir: string): Promise<Markup> {
  try {
    return await liveView(await readLiveRun(dir))
  } catch (error) {
    return html`<p class="lead">${(error as Error).message}</p>`
  }
}

function message({ markup }: Markup): string {
  return `data: ${JSON.stringify({ view: markup })}\n\n`
}
