/** Runs command lines in one process, whose disk fails or which is killed, as each request says. */
import { type DiskCall, watchDisk } from '../../base/disk.ts'
import { run } from '../../cli/run.ts'

export type DiskError = 'ENOSPC' | 'EIO' | 'EACCES' | 'EROFS'

/** What happens at call number `at` to the disk, counted from 0: it fails, that one alone, or the process is killed so many ms after it was made. */
export type Disturbance = { kind: 'fail'; at: number; code: DiskError } | { kind: 'kill'; at: number; after: number }

export interface RunRequest {
  args: string[]
  disturbance?: Disturbance
}

export interface RunReply {
  code: number
  /** Errors and notices. */
  said: string
  calls: DiskCall[]
}

let said = ''
/** Of a kill that is to come. */
let timer: NodeJS.Timeout | undefined
process.stderr.write = (text) => {
  said += text
  return true
}
process.on('disconnect', () => process.exit())
process.on('message', async ({ args, disturbance }: RunRequest) => {
  said = ''
  const calls: DiskCall[] = []
  const stop = watchDisk((call) => {
    calls.push(call)
    if (disturbance && calls.length - 1 === disturbance.at) disturb(disturbance, call)
  })
  const code = await run(args)
  stop()
  clearTimeout(timer)
  process.exitCode = 0 // check sets it
  process.send!({ code, said, calls } satisfies RunReply)
})

function disturb(disturbance: Disturbance, { name, path }: DiskCall): void {
  const kill = () => process.kill(process.pid, 'SIGKILL')
  if (disturbance.kind === 'fail') {
    const { code } = disturbance
    throw Object.assign(new Error(`${code}: made up, ${name} '${path}'`), { code, path })
  } else if (disturbance.after === 0) kill()
  else timer = setTimeout(kill, disturbance.after)
}
