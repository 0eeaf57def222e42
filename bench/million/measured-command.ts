import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { nodeArguments } from '../../base/own-modules.ts'

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export interface Measured {
  seconds: number
  /** Of the command's own process, at its peak. */
  megabytes: number
  /** Of the processes beside it that decode pictures, at their peaks. */
  besideMegabytes: number
}

/** Runs a command of this program in a process of its own and watches its memory (Linux). Throws where it fails. */
export async function measuredCommand(args: string[]): Promise<Measured> {
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeArguments(), main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  const peaks = new Map<number, number>()
  const look = async (): Promise<void> => {
    for (const pid of [child.pid!, ...(await childrenOf(child.pid!))]) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, await peakOf(pid)))
  }
  const timer = setInterval(look, 250)
  const code = await new Promise<number | null>((resolve, reject) => child.on('exit', resolve).on('error', reject))
  clearInterval(timer)
  if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}`)
  const own = peaks.get(child.pid!) ?? 0
  const all = [...peaks.values()].reduce((sum, peak) => sum + peak, 0)
  return { seconds: (performance.now() - began) / 1000, megabytes: own / 1e6, besideMegabytes: (all - own) / 1e6 }
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')))
  return lists.join(' ').split(' ').filter(Boolean).map(Number)
}

/** Bytes. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0)
}
