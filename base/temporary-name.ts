import { hostname } from 'node:os'

let count = 0

/** Another name for a file while it is written, `.NAME.HOST-PID-N.tmp`: it says whose it is. */
export function temporaryName(name: string): string {
  return `.${name}.${host()}-${process.pid}-${count++}.tmp`
}

/** Whether a file is the temporary one of a process that no longer runs. */
export function isLeftOver(name: string): boolean {
  const found = parse(name)
  return found !== undefined && found.host === host() && found.pid !== process.pid && !isRunning(found.pid)
}

/** Whether a file is being written, or was when its process was killed. */
export function isTemporary(name: string): boolean {
  return parse(name) !== undefined
}

function parse(name: string): { host: string; pid: number } | undefined {
  const [, host, pid] = /^\..+\.([\w]+)-(\d+)-\d+\.tmp$/.exec(name) ?? []
  return host === undefined ? undefined : { host, pid: Number(pid) }
}

function host(): string {
  return hostname().replaceAll(/\W/g, '_')
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // another user's
  }
}
