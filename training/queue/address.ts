import { UserError } from '../../base/errors.ts'

/** Where a queue is, and how to get in. */
export interface QueueAddress {
  host: string
  port: number
  db: number
  username?: string
  password?: string
  tls?: object
  /** For messages, without credentials. */
  shown: string
}

const usualPort = 6379
const form = 'redis://HOST, redis://HOST:PORT/NUMBER, or rediss:// for TLS'

/**
 * Reads `--queue`. Credentials come from REDIS_USERNAME and REDIS_PASSWORD alone: an URL ends up in histories, process lists and logs.
 * @throws UserError for another URL, and for one with credentials, which the message does not repeat
 */
export function queueAddress(text: string, env: NodeJS.ProcessEnv = process.env): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.username !== '' || url.password !== '')) {
    const hint = 'Take them out, and set REDIS_USERNAME and REDIS_PASSWORD in the environment.'
    throw new UserError({ where: '--queue', expected: form, got: `a URL of ${url.host} with credentials in it`, hint })
  }
  const path = /^\/?(\d{0,4})$/.exec(url?.pathname ?? '-')
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '' || !path || url.search !== '' || url.hash !== '') {
    throw new UserError({
      where: '--queue',
      expected: form,
      got: text.includes('@') ? 'something else' : text,
      hint: 'It is the address of Redis or Valkey.',
    })
  }
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = env
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || usualPort),
    db: Number(path[1]),
    ...(username && { username }),
    ...(password && { password }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
    shown: `${url.protocol}//${url.host}${url.pathname}`,
  }
}
