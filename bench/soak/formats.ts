import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseJson } from '../../base/json.ts'
import { decodeImage } from '../../corpora/images.ts'
import { openCorpus } from '../../corpora/open.ts'
import { readLatestCheckpoint, writeCheckpoint } from '../../engine/checkpoint.ts'
import { decodeNpy, encodeNpy } from '../../engine/npy.ts'
import { decodeModel } from '../../engine/onnx/proto.ts'
import { decodeSafetensors } from '../../engine/safetensors.ts'
import { readRanks } from '../../eval/ranks-file.ts'
import { readModelFolder } from '../../models/folder.ts'
import { verifyModelFolder } from '../../models/verify.ts'
import { readLog } from '../../report/log.ts'
import { parseReport } from '../../report/schema.ts'
import { readAbout } from '../../search/index/about.ts'
import { blockReader } from '../../search/index/blocks.ts'
import { openDatabase } from '../../search/index/database.ts'
import { nearestExact } from '../../search/index/nearest.ts'
import { fileStates } from '../../search/index/store.ts'
import { updateIndex } from '../../search/index/update.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import type { Place } from './place.ts'

/** A format that is read, and one whole file of it. */
export interface Format {
  name: string
  bytes: Uint8Array
  /** Reads other bytes in the place of those, as commands do. */
  read(bytes: Uint8Array): Promise<unknown>
  /** A checksum covers it: other bytes are always refused. */
  isCovered?: true
}

/** All formats, made of what a place holds; `dir` is an empty folder to work in. */
export async function formatsIn(place: Place, dir: string): Promise<Format[]> {
  const at = (...names: string[]) => join(dir, ...names)
  const held = (...names: string[]) => readFile(join(place.dir, ...names))
  const table = await held('corpus.csv')
  const rows = table.toString().split('\n')
  const written = async (name: string, bytes: Uint8Array) => {
    await writeFile(at(name), bytes)
    return at(name)
  }
  const corpus = (end: string) => async (bytes: Uint8Array) => {
    const { corpus } = await openCorpus(await written(`corpus.${end}`, bytes), { imagesDir: place.dir })
    for (const split of corpus.splits) for await (const _ of corpus.samples(split));
  }
  const jsonl = rows
    .slice(1)
    .map((row) => row.split(','))
    .map(([image, de, fr, split]) => JSON.stringify({ image, split, captions: { de, fr } }))
  const folder = (file: string, covered?: true) => async (bytes: Uint8Array) => {
    await copyTeacher(place, at('model'))
    await writeFile(at('model', file), bytes)
    if (covered) await verifyModelFolder(at('model'), true)
    else await readModelFolder(at('model'))
  }
  const part = { w: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } }
  await mkdir(dir, { recursive: true })
  const checkpoint = { step: 3, params: part, optimizer: { state: part, steps: 3 }, identity: { corpus: 'x', seed: 1 } }
  const saved = async (file: string): Promise<Format> => ({
    name: `checkpoint ${file}`,
    bytes: await readFile(join(await writeCheckpoint(at('checkpoints'), checkpoint), file)),
    isCovered: true,
    async read(bytes) {
      await writeFile(join(await writeCheckpoint(at('checkpoints'), checkpoint), file), bytes)
      return readLatestCheckpoint(at('checkpoints'))
    },
  })
  const model = join(place.dir, 'teacher')
  await updateIndex({ model, images: join(place.dir, 'pictures'), out: at('whole.index') })
  const json = (name: string, bytes: Buffer) => parseJson(bytes.toString(), name, 'Restore it.')
  return [
    { name: 'csv', bytes: table, read: corpus('csv') },
    { name: 'tsv', bytes: Buffer.from(table.toString().replaceAll(',', '\t')), read: corpus('tsv') },
    { name: 'jsonl', bytes: Buffer.from(jsonl.join('\n')), read: corpus('jsonl') },
    { name: 'npy', bytes: encodeNpy(Float32Array.of(1, 2, 3, 4), 2), read: async (bytes) => decodeNpy(bytes, 'npy') },
    { name: 'safetensors', bytes: await held('teacher', 'model.safetensors'), read: async (bytes) => decodeSafetensors(bytes, 'safetensors') },
    { name: 'onnx', bytes: await held('teacher', 'onnx', 'text_model.onnx'), read: async (bytes) => decodeModel(bytes, 'onnx') },
    { name: 'tokenizer.json', bytes: await held('teacher', 'tokenizer.json'), read: tokenizer(place, at('words'), 'tokenizer.json') },
    {
      name: 'tokenizer_config.json',
      bytes: await held('teacher', 'tokenizer_config.json'),
      read: tokenizer(place, at('words'), 'tokenizer_config.json'),
    },
    { name: 'config.json', bytes: await held('teacher', 'config.json'), read: folder('config.json') },
    { name: 'preprocessor_config.json', bytes: await held('teacher', 'preprocessor_config.json'), read: folder('preprocessor_config.json') },
    { name: 'model folder', bytes: await held('teacher', 'config.json'), isCovered: true, read: folder('config.json', true) },
    { name: 'SHA256SUMS', bytes: await held('teacher', 'SHA256SUMS'), isCovered: true, read: folder('SHA256SUMS', true) },
    await saved('state.json'),
    await saved('params.safetensors'),
    await saved('SHA256SUMS'),
    {
      name: 'report.json',
      bytes: await held('examples', 'report.json'),
      read: async (bytes) => parseReport(json('report.json', Buffer.from(bytes))),
    },
    {
      name: 'ranks.json',
      bytes: await held('examples', 'ranks.json'),
      read: async (bytes) => readRanks(dirname(await written('ranks.json', bytes))),
    },
    {
      name: 'log.jsonl',
      bytes: Buffer.from('{"step":10,"loss":1.5}\n{"step":20,"loss":1.25}\n'),
      read: async (bytes) => readLog(await written('log.jsonl', bytes)),
    },
    { name: 'index', bytes: await readFile(at('whole.index')), read: async (bytes) => readIndex(await written('changed.index', bytes)) },
    { name: 'png', bytes: await held('pictures', '3.png'), read: picture },
    { name: 'svg', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h5v5z"/></svg>'), read: picture },
  ]
}

async function picture(bytes: Uint8Array): Promise<void> {
  await decodeImage({ key: 'changed', read: async () => bytes }, 8)
}

/** As search does, without a model. */
async function readIndex(file: string): Promise<void> {
  for (const end of ['-wal', '-shm', '-journal']) await rm(file + end, { force: true })
  const db = await openDatabase(file)
  try {
    const about = readAbout(db)
    fileStates(db)
    if (about) nearestExact(db, blockReader(db, about.embedDim)(), new Float32Array(about.embedDim).fill(0.1), about.embedDim, 3)
  } finally {
    db.close()
  }
}

function tokenizer(place: Place, dir: string, file: string) {
  return async (bytes: Uint8Array) => {
    await copyTeacher(place, dir)
    await writeFile(join(dir, file), bytes)
    ;(await loadTokenizer(dir)).encode('ein Bild 1')
  }
}

async function copyTeacher(place: Place, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const name of ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors', 'SHA256SUMS'])
    await writeFile(join(dir, name), await readFile(join(place.dir, 'teacher', name)))
  await mkdir(join(dir, 'onnx'), { recursive: true })
  for (const name of ['text_model.onnx', 'vision_model.onnx'])
    await writeFile(join(dir, 'onnx', name), await readFile(join(place.dir, 'teacher', 'onnx', name)))
}
