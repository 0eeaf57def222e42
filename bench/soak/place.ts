import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import sharp from 'sharp'
import { normal, random } from '../../base/random.ts'
import { exportFolder } from '../../export/package.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'

/** Eight pictures with captions in two languages, an untrained teacher, and commands that take seconds on them. */
export interface Place {
  dir: string
  jobs: Job[]
}

/** A command that writes a folder. */
export interface Job {
  name: string
  /** Without what starts over or goes on. */
  args: string[]
  /** What it writes, relative to the place. */
  out: string
  /** How it is called again after it was cut off. */
  again: string[]
  /** Where its bytes have to be those of an undisturbed call; reports hold times. */
  isResult(file: string): boolean
}

/** Fills an empty folder. */
export async function makePlace(dir: string): Promise<Place> {
  const at = (...names: string[]) => join(dir, ...names)
  await mkdir(at('pictures'), { recursive: true })
  const rows: string[] = []
  for (let i = 0; i < 12; i++) {
    const background = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 }
    await sharp({ create: { width: 16, height: 16, channels: 3, background } })
      .png()
      .toFile(at('pictures', `${i}.png`))
    rows.push(`pictures/${i}.png,ein Bild ${i},une image ${i},${i < 8 ? 'train' : i < 10 ? 'val' : 'test'}`)
  }
  await writeFile(at('corpus.csv'), ['image,de,fr,split', ...rows].join('\n'))
  await writeTokenizer(
    at('words'),
    trainTokenizer(
      rows.flatMap((row) => row.split(',').slice(1, 3)),
      { vocabSize: 280 },
    ),
  )
  const tower = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 4 }
  const model = createDualEncoder(
    {
      projection_dim: 16,
      vision_config: { ...tower, image_size: 16, patch_size: 8 },
      text_config: { ...tower, vocab_size: 280, max_position_embeddings: 32 },
    },
    1,
  )
  const next = random(2)
  for (const { data } of Object.values(model.params)) data.forEach((value, i) => (data[i] = value + 0.02 * normal(next))) // as after training
  await exportFolder(model, { tokenizerDir: at('words'), out: at('teacher'), dtypes: ['fp32'], leaveOut: ['combined'], threads: 1 })
  const data = ['--corpus', at('corpus.csv'), '--languages', 'de,fr']
  const cache = ['--cache-dir', at('cache')]
  const short = ['--batch-size', '4', '--steps', '4', '--warmup', '1', '--log-every', '1', '--checkpoint-every', '2', '--threads', '1']
  const small = ['--student', 'tiny', '--tokenizer', at('words'), '--variants', '2', '--augmentation', 'mild']
  const isWeights = (file: string) => /safetensors$|onnx$|npy$/.test(file)
  return {
    dir,
    jobs: [
      {
        name: 'stage1',
        args: ['stage1', ...data, ...cache, ...short, ...small, '--teacher', at('teacher'), '--out', at('run')],
        out: 'run',
        again: ['--resume'],
        isResult: (file) => isWeights(file) && file.startsWith('student'),
      },
      {
        name: 'export',
        args: ['export', at('run'), ...data, ...cache, '--dtype', 'fp32', '--max-drop', '99', '--out', at('export')],
        out: 'export',
        again: [],
        isResult: isWeights,
      },
      {
        name: 'evaluate',
        args: ['evaluate', at('run'), ...data, ...cache, '--protocol', 'test', '--threads', '1', '--out', at('report')],
        out: 'report',
        again: [],
        isResult: (file) => file === 'ranks.json',
      },
    ],
  }
}

/** What a job wrote: file → bytes. */
export async function filesOf({ dir }: Place, out: string): Promise<Map<string, Buffer>> {
  const root = join(dir, out)
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.sort().map(async (file) => [relative(root, file), await readFile(file)] as const)))
}

/** Puts back what a job had written, and takes away what lies beside it. */
export async function putBack({ dir }: Place, out: string, files: Map<string, Buffer>): Promise<void> {
  for (const end of ['', '.lock', '.unfinished', '.replaced']) await rm(join(dir, out + end), { recursive: true, force: true })
  for (const [file, bytes] of files) {
    await mkdir(join(dir, out, file, '..'), { recursive: true })
    await writeFile(join(dir, out, file), bytes)
  }
}
