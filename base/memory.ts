import { totalmem } from 'node:os'

/** Bytes of memory that this process can have at most: the machine's, or what its container is allowed. */
export function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}
