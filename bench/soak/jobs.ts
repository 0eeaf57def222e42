import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeBridgePlace } from '../../test/stages/bridge-place.ts'
import { makePlace } from './place.ts'

/** A command that writes, and takes a second or less on a small place. */
export interface Job {
  name: string
  args: string[]
  /** What it writes, relative to the place. */
  outs: string[]
  /**
   * What has to be there before: nothing (it refuses an older result), or what an earlier call wrote, which stays until a new one takes its place.
   */
  before: 'nothing' | 'older'
  /** What is added to replace an older result, and what to go on after a kill. */
  over?: string
  onward?: string
  /** Files whose bytes follow from the input alone; reports hold times. */
  isResult(file: string): boolean
}

export interface JobPlace {
  dir: string
  jobs: Job[]
}

/** Fills an empty folder with data and models, and names every command that writes, each after those whose results it reads. */
export async function makeJobs(dir: string): Promise<JobPlace> {
  const at = (...names: string[]) => join(dir, ...names)
  await makePlace(dir)
  const bridge = await makeBridgePlace(at('bridge'))
  const data = ['--corpus', at('corpus.csv'), '--languages', 'de,fr']
  const cache = ['--cache-dir', at('cache')]
  const short = ['--batch-size', '4', '--steps', '4', '--warmup', '1', '--log-every', '2', '--checkpoint-every', '2', '--threads', '1']
  const views = ['--variants', '2', '--augmentation', 'mild', '--teacher', at('teacher')]
  const towers = [
    '--image-tower',
    bridge.image,
    '--text-tower',
    bridge.text,
    '--prototypes',
    bridge.prototypes,
    '--hidden',
    '5',
    '--class-weight',
    '0.3',
  ]
  const run = { before: 'older', over: '--force', onward: '--resume' } as const
  const isWeights = (file: string) => /\.(safetensors|onnx|npy)$/.test(file)
  const isStudent = (file: string) => isWeights(file) && file.includes('student')
  const one = (name: string, ...args: string[]) => ({ name, args: [name, ...args] })
  return {
    dir,
    jobs: [
      {
        ...one('features', ...data, ...views, '--threads', '1', '--cache-dir', at('features')),
        outs: ['features'],
        before: 'nothing',
        isResult: isWeights,
      },
      {
        ...one('stage1', ...data, ...cache, ...short, ...views, '--student', 'tiny', '--tokenizer', at('words'), '--out', at('one')),
        ...run,
        outs: ['one'],
        isResult: isStudent,
      },
      { ...one('stage2', at('one'), ...data, ...cache, ...short, '--tensorboard', '--out', at('two')), ...run, outs: ['two'], isResult: isStudent },
      {
        ...one('bridge', ...towers, '--corpus', bridge.corpus, '--languages', 'en,de', ...cache, ...short, '--no-report', '--out', at('bridged')),
        ...run,
        outs: ['bridged'],
        isResult: (file) => isWeights(file) && !file.includes('checkpoints'),
      },
      {
        ...one('export', at('two'), ...data, ...cache, '--dtype', 'fp32,q8', '--max-drop', '99', '--out', at('exported')),
        outs: ['exported'],
        before: 'older',
        isResult: isWeights,
      },
      {
        ...one('evaluate', at('exported'), ...data, ...cache, '--protocol', 'test', '--threads', '1', '--out', at('report')),
        outs: ['report'],
        before: 'older',
        isResult: (file) => file.endsWith('ranks.json'),
      },
      {
        ...one('index', at('exported'), '--images', at('pictures'), '--dtype', 'fp32', '--out', at('photos.index')),
        outs: ['photos.index'],
        before: 'older',
        over: '--force',
        isResult: () => false,
      },
      {
        ...one('check', at('corpus.csv'), '--tokenizer', at('words'), '--page', at('check.html'), '--fix', at('sound', 'sound.csv')),
        outs: ['sound', 'check.html'],
        before: 'nothing',
        isResult: (file) => file.endsWith('.csv'),
      },
      ...convertJobs(dir),
    ],
  }
}

/** Tars hold pictures, which a table made of them has copies of. */
function convertJobs(dir: string): Job[] {
  const formats: [name: string, from: string, out: string, ...more: string[]][] = [
    ['webdataset', 'corpus.csv', 'tars'],
    ['chinese-clip', 'corpus.csv', 'muge', '--languages', 'de'],
    ['coco', join('tars', 'train-00000.tar'), join('coco', 'coco.json'), '--languages', 'de'],
    ['jsonl', join('tars', 'train-00000.tar'), join('lines', 'lines.jsonl')],
  ]
  return formats.map(([format, from, out, ...more]) => ({
    name: `convert ${format}`,
    args: ['convert', join(dir, from), join(dir, out), '--format', format, ...more],
    outs: [out.split('/')[0]!],
    before: 'nothing',
    isResult: () => true,
  }))
}

/** Takes away what a job wrote. */
export async function removeOuts({ dir }: JobPlace, { outs }: Job): Promise<void> {
  for (const out of outs) await rm(join(dir, out), { recursive: true, force: true })
}
