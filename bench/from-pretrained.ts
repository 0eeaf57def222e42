import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { UserError } from '../base/errors.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { type NumberTensor, openSession } from '../engine/runtime.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { bindParams, traceTower } from '../models/towers.ts'
import { fixtureNames, writeFixture } from './fixtures.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Flags } from './subject.ts'

/** Unit rows, one after the other. */
export interface Embeddings {
  image: number[]
  text: number[]
}

/** What transformers makes of the models in fixtures.ts: the contents of test/models/from-pretrained.json. */
export interface Expected {
  transformers: string
  models: Record<string, Embeddings>
}

/**
 * Embeds the same made-up images and texts here and in Python, by `CLIPModel.from_pretrained` on the same folder, and prints the largest
 * difference: of --model, or else of two models with seeded weights. --write FILE stores what Python makes of those two.
 */
export async function benchFromPretrained(flags: Flags): Promise<Rows> {
  const dir = await mkdtemp(join(tmpdir(), 'from-pretrained-'))
  const expected: Expected = { transformers: '', models: {} }
  const results: Rows = {}
  try {
    const folders = flags.model ? { [String(flags.model)]: String(flags.model) } : await writeFixtures(dir)
    for (const [name, folder] of Object.entries(folders)) {
      const { version, ...theirs } = await embedInPython(String(flags.python), folder)
      const ours = await embedMadeUp(await readModelFolder(folder))
      for (const tower of ['image', 'text'] as const) {
        const most = Math.max(...ours[tower].map((value, i) => Math.abs(value - theirs[tower][i]!)))
        console.log(`${name}, ${tower}: largest difference to transformers ${version}: ${most.toExponential(1)}`)
        if (!(most < 1e-4)) process.exitCode = 1
        results[`${name}, ${tower}`] = measured('largest difference', most)
      }
      expected.transformers = version
      expected.models[name] = { image: theirs.image.map(rounded), text: theirs.text.map(rounded) }
    }
  } finally {
    await rm(dir, { recursive: true })
  }
  if (flags.write) await writeFile(String(flags.write), `${JSON.stringify(expected)}\n`)
  return results
}

/**
 * Two images and three texts → embeddings. The inputs are those that peers/clip_from_pretrained.py makes: sines, and ids that count up to
 * an end token.
 */
export async function embedMadeUp(model: DualEncoder): Promise<Embeddings> {
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
    const session = await openSession(encodeModel(bindParams(traceTower(tower, model.config, { cpuOnly: true }), model.params)))
    const [result] = Object.values(await session.run(feeds))
    await session.release()
    return Array.from(result!.data as Float32Array)
  }
  return {
    image: await run('image', { pixel_values: { data: pixels, dims: [2, 3, size, size] } }),
    text: await run('text', { input_ids: { data: ids, dims: [3, length] }, attention_mask: { data: mask, dims: [3, length] } }),
  }
}

async function writeFixtures(dir: string): Promise<Record<string, string>> {
  const folders: Record<string, string> = {}
  for (const name of fixtureNames) {
    folders[name] = join(dir, name)
    await writeFixture(name, folders[name])
  }
  return folders
}

async function embedInPython(python: string, folder: string): Promise<Embeddings & { version: string }> {
  const script = fileURLToPath(new URL('./peers/clip_from_pretrained.py', import.meta.url))
  const { stdout } = await promisify(execFile)(python, [script, folder], { maxBuffer: 1e9 }).catch((error: Error) => {
    throw new UserError({
      where: `--python ${python}`,
      expected: 'a python with torch and transformers',
      got: error.message,
      hint: 'pip install torch transformers, or name another python.',
    })
  })
  const { version, image, text } = JSON.parse(stdout) as { version: string; image: number[][]; text: number[][] }
  return { version, image: image.flat(), text: text.flat() }
}

function rounded(value: number): number {
  return Number(value.toFixed(7))
}
