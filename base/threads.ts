import { availableParallelism } from 'node:os'
import { UserError } from './errors.ts'

/**
 * More threads than cores only wait for each other: a step on 64 threads of two cores takes a multiple of its time.
 * @param flag that names the number
 * @param cores those that this process may use, less than the machine has where it is bound to some of them
 * @throws UserError where there are fewer cores than threads
 */
export function requireThreads(flag: string, threads: number, cores = availableParallelism()): void {
  if (threads <= cores) return
  throw new UserError({
    where: `${flag} ${threads}`,
    expected: cores === 1 ? '1 thread, as this process may use one core' : `at most ${cores} threads, one for each core that this process may use`,
    got: `${threads}`,
    hint: 'Name fewer, or none: then all cores are used.',
  })
}
