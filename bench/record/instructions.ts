import { readFileSync } from 'node:fs'

/** Sets of vector instructions that decide how fast products are, as Linux writes them; x86, then ARM. */
const telling = [
  ...['sse4_2', 'avx', 'f16c', 'fma', 'avx2', 'avx_vnni', 'avx512f', 'avx512bw', 'avx512vl', 'avx512_vnni', 'avx512_bf16', 'amx_int8', 'amx_bf16'],
  ...['asimd', 'asimdhp', 'asimddp', 'i8mm', 'bf16', 'sve', 'sve2'],
]

/**
 * Those that /proc/cpuinfo lists for its first core, in the order above; undefined where it lists none.
 * @param cpuinfo its text
 */
export function instructionsIn(cpuinfo: string): string[] | undefined {
  const listed = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/)
  return listed && telling.filter((name) => listed.includes(name))
}

/** Those of this machine; undefined where the system does not tell (it is no Linux). */
export function instructions(): string[] | undefined {
  try {
    return instructionsIn(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return undefined
  }
}
