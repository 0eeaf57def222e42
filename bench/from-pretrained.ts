import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { UserError } from '../engine/errors.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { type NumberTensor, openSession } from '../engine/runtime.ts'
import { preset } from '../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../models/dual-encoder.ts'
import { readModelFolder, writeModelFolder } from '../models/folder.ts'
import { bindParams, traceTower } from '../models/towers.ts'
import { trainTokenizer, writeTokenizer } from '../tokenizers/train.ts'
import type { Flags } from './subject.ts'

type Rows = number[][]

/**
 * Embeds the same made-up images and texts here and in Python, by `CLIPModel.from_pretrained` on the same folder, and prints the largest
 * difference. Without --model the folder is a fresh one with random weights.
 */
export async function benchFromPretrained(flags: Flags): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'from-pretrained-'))
  try {
    const folder = String(flags.model) || (await freshFolder(dir))
    const script = fileURLToPath(new URL('peers/clip_from_pretrained.py', import.meta.url))
    const { stdout } = await promisify(execFile)(String(flags.python), [script, folder], { maxBuffer: 1e9 }).catch((error: Error) => {
      throw new UserError({
        where: `--python ${flags.python}`,
        expected: 'a python with torch and transformers',
        got: error.message,
        hint: 'pip install torch transformers, or name another python.',
      })
    })
    const theirs = JSON.parse(stdout) as { version: string; image: Rows; text: Rows }
    const ours = await embed(await readModelFolder(folder))
    for (const tower of ['image', 'text'] as const) {
      const want = theirs[tower].flat()
      const most = Math.max(...ours[tower].map((value, i) => Math.abs(value - want[i]!)))
      console.log(`${tower}: ${theirs[tower].length} embeddings, largest difference to transformers ${theirs.version}: ${most.toExponential(1)}`)
      if (!(most < 1e-4)) process.exitCode = 1
    }
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function freshFolder(dir: string): Promise<string> {
  const tokenizer = join(dir, 'tokenizer')
  await writeTokenizer(tokenizer, trainTokenizer(['a red apple', '红色的苹果'], { vocabSize: 300 }))
  await writeModelFolder(join(dir, 'model'), createDualEncoder(preset('small', { vocabSize: 300 }), 1), tokenizer)
  return join(dir, 'model')
}

/** The inputs are those that peers/clip_from_pretrained.py makes: sines, and ids that count up to an end token. */
async function embed(model: DualEncoder): Promise<{ image: number[]; text: number[] }> {
  const { image_size: size } = model.config.vision_config
  const { vocab_size: vocabulary, max_position_embeddings: length } = model.config.text_config
  const pixels = Float32Array.from({ length: 2 * 3 * size * size }, (_, i) => Math.sin(0.37 * i))
  const ids = new Int32Array(3 * length)
  const mask = new Int32Array(3 * length)
  for (let row = 0; row < 3; row++) {
    const end = length - 1 - 2 * row
    for (let i = 1; i < end; i++) ids[row * length + i] = 4 + ((7 * i + 31 * row) % (vocabulary - 4))
    ids[row * length] = 1
    ids[row * length + end] = 3
    mask.fill(1, row * length, row * length + end + 1)
  }
  const run = async (tower: 'image' | 'text', feeds: Record<string, NumberTensor>) => {
    const session = await openSession(encodeModel(bindParams(traceTower(tower, model.config, { contrib: true }), model.params)))
    const [result] = Object.values(await session.run(feeds))
    await session.release()
    return Array.from(result!.data as Float32Array)
  }
  return {
    image: await run('image', { pixel_values: { data: pixels, dims: [2, 3, size, size] } }),
    text: await run('text', { input_ids: { data: ids, dims: [3, length] }, attention_mask: { data: mask, dims: [3, length] } }),
  }
}
