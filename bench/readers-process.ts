/** Reads every row of a file, and prints how many there were, how long it took and the most memory that was held. */
import { findReader } from '../corpora/readers/find.ts'

export interface ReaderCost {
  rows: number
  seconds: number
  /** Of the process, in bytes. */
  peak: number
  /** Of the file. */
  bytes: number
}

const start = performance.now()
const { reader, place } = await findReader(process.argv[2]!)
let rows = 0
for await (const _ of reader.rows(place, { captionLanguage: 'en' })) rows++
const cost: Omit<ReaderCost, 'bytes'> = { rows, seconds: (performance.now() - start) / 1000, peak: process.resourceUsage().maxRSS * 1024 }
console.log(JSON.stringify(cost))
