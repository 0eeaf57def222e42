import { closeSync, openSync, readSync } from 'node:fs'
import type { Augmentation } from '../../corpora/augment.ts'
import { type BlockSet, blockCount, damaged, openBlocks, rowsOf, writeBlock } from './blocks.ts'

interface Block {
  file: string
  /** Bytes of a line, all of one length. */
  line: number
}

export function augmentationSet(dir: string, rows: number, blockRows: number): BlockSet {
  return { dir, kind: 'augmentation', extension: 'jsonl', rows, blockRows }
}

/**
 * The augmentations that a teacher's features are of, in augmentation-NNNNN-CRC.jsonl: a line a row, filled up with spaces to the block's longest so that one
 * can be read by its number. Drawn and written once; whoever reads features later applies what stands there, so that no image meets the feature of another.
 * @param wanted the blocks that are asked for; default: all
 * → the augmentation of a row, read from disk when asked for
 */
export async function storedAugmentations(
  set: BlockSet,
  draw: (row: number) => Augmentation,
  wanted?: ReadonlySet<number>,
): Promise<(row: number) => Augmentation> {
  const blocks = await open(set, wanted)
  for (const block of wanted ?? blocks.keys()) blocks[block] ??= await write(set, block, draw)
  return (row) => {
    const { file, line } = blocks[Math.floor(row / set.blockRows)]!
    const bytes = Buffer.alloc(line)
    const handle = openSync(file, 'r')
    try {
      readSync(handle, bytes, 0, line, line * (row % set.blockRows))
    } finally {
      closeSync(handle)
    }
    return JSON.parse(bytes.toString()) as Augmentation
  }
}

/** Checks what is there of these blocks. → those that are not, damaged ones among them */
export async function missingAugmentations(set: BlockSet, wanted?: ReadonlySet<number>): Promise<number[]> {
  const blocks = await open(set, wanted)
  return [...(wanted ?? Array.from({ length: blockCount(set) }).keys())].filter((block) => !blocks[block])
}

function open(set: BlockSet, wanted?: ReadonlySet<number>): Promise<(Block | undefined)[]> {
  return openBlocks(
    set,
    (bytes, file, block) => {
      const { from, to } = rowsOf(set, block)
      const line = bytes.indexOf('\n') + 1
      if (line * (to - from) !== bytes.length) throw damaged(file, `${to - from} lines of ${line} bytes`, `${bytes.length} bytes`)
      return { line }
    },
    wanted,
  )
}

async function write(set: BlockSet, block: number, draw: (row: number) => Augmentation): Promise<Block> {
  const { from, to } = rowsOf(set, block)
  const lines = Array.from({ length: to - from }, (_, i) => JSON.stringify(draw(from + i)))
  const longest = lines.reduce((most, { length }) => Math.max(most, length), 0)
  const bytes = Buffer.from(lines.map((line) => `${line.padEnd(longest)}\n`).join(''))
  return { file: await writeBlock(set, block, bytes), line: longest + 1 }
}
