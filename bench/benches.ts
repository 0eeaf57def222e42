import { benchBudget, budgetFlags } from './budget.ts'
import { benchDevice } from './device.ts'
import { benchFleet, fleetFlags } from './fleet.ts'
import { benchFromPretrained } from './from-pretrained.ts'
import { benchIsolation } from './isolation.ts'
import { benchLongRun, longRunFlags } from './long-run.ts'
import { benchMillion, millionFlags } from './million.ts'
import { benchObjectives } from './objectives.ts'
import { benchPictureIndex, pictureIndexFlags } from './picture-index.ts'
import { benchProfile } from './profile.ts'
import { benchQueue, queueFlags } from './queue.ts'
import { benchReaders } from './readers.ts'
import type { Rows } from './record/rows.ts'
import { benchRetrieval } from './retrieval.ts'
import { benchSearchBlocks, searchBlocksFlags } from './search-blocks.ts'
import { benchSoak, soakFlags } from './soak.ts'
import { benchSpeed, speedFlags } from './speed.ts'
import { benchStep } from './step.ts'
import { studyFlags } from './study/plan.ts'
import type { Flags } from './subject.ts'
import { benchTeacherModes, teacherModesFlags } from './teacher-modes.ts'
import { benchTokenizers } from './tokenizers.ts'
import { benchZoo } from './zoo.ts'

export interface Bench {
  summary: string
  /** Flags with their defaults; numbers stay numbers. */
  flags: Flags
  /** Prints, and returns what was measured; studies, whose every run is a line of a file of their own, return nothing. */
  run(flags: Flags): Promise<Rows> | Promise<void>
}

const model = { preset: 'base', batchSize: 64, textLength: 32, keepPatches: 1, vocabSize: 8000, threads: 0 }

/** By name. */
export const benches: Record<string, Bench> = {
  step: {
    summary: 'the compiled training step against the best MatMul rate of the same runtime, and against PyTorch where python has it',
    flags: { ...model, repeats: 10, python: 'python3' },
    run: benchStep,
  },
  device: {
    summary:
      "a training step of stage 1's and stage 2's objectives, and a teacher's features of pictures, on a device against the processor: gradients, nodes that fall back, time",
    flags: { device: 'webgpu', ...model, preset: 'tiny', steps: 3, teacher: '', images: 64 },
    run: benchDevice,
  },
  profile: { summary: 'where the time of the compiled step goes, by kind of node', flags: { ...model, repeats: 5 }, run: benchProfile },
  tokenizers: { summary: 'tokens per caption and speed of the trained tokenizers', flags: { languages: 'en,zh' }, run: benchTokenizers },
  readers: {
    summary: 'memory of reading a generated table of many rows, at a tenth of them and at all, by format',
    flags: { rows: 1_000_000, formats: 'csv,jsonl,tar,parquet', dir: '' },
    run: benchReaders,
  },
  retrieval: {
    summary: 'exact ranking against a plain double loop, and against numpy where python has it: time, memory, same ranks',
    flags: { queries: 2000, gallery: 20_000, dim: 256, threads: 0, python: 'python3' },
    run: benchRetrieval,
  },
  'from-pretrained': {
    summary: "a model folder's embeddings here and by transformers' CLIPModel.from_pretrained, where python has it",
    flags: { model: '', python: 'python3', write: '' },
    run: benchFromPretrained,
  },
  objectives: { summary: 'every objective added to task, alone and combined: recall, time; resumable', flags: studyFlags, run: benchObjectives },
  'teacher-modes': {
    summary: 'the teacher at every step, its cached embeddings, means of its classes: time, memory, recall; resumable',
    flags: teacherModesFlags,
    run: benchTeacherModes,
  },
  budget: {
    summary: 'one budget of parameters split between the towers, and students of 50, 22 and 15 % of the teacher; resumable',
    flags: budgetFlags,
    run: benchBudget,
  },
  zoo: {
    summary: 'teachers of many makers, here and by their own Python: pixels, pictures, texts',
    flags: { dir: '.cache/zoo', python: 'python3', only: '' },
    run: benchZoo,
  },
  million: {
    summary: 'features, steps and evaluation of many generated pictures: time, memory, disk',
    flags: millionFlags,
    run: benchMillion,
  },
  fleet: {
    summary:
      'how long a fleet of workers takes for features of so many pairs, by formula and simulated, with stragglers and deaths: hours, disk, money',
    flags: fleetFlags,
    run: benchFleet,
  },
  index: {
    summary: 'an index of many pictures, killed twice while it is made, and search in it: seconds, MB, milliseconds',
    flags: pictureIndexFlags,
    run: benchPictureIndex,
  },
  'search-blocks': {
    summary: 'exact search in blocks of int8 of many generated vectors, against a plain search: milliseconds, memory, disk',
    flags: searchBlocksFlags,
    run: benchSearchBlocks,
  },
  queue: { summary: 'what the queue costs a shard, on a Redis or Valkey that runs', flags: queueFlags, run: benchQueue },
  soak: { summary: 'commands that write, on a disk that fails and killed, and changed files: what came of it', flags: soakFlags, run: benchSoak },
  'long-run': { summary: 'memory and open files of a training, from step 1,000 to 10,000', flags: longRunFlags, run: benchLongRun },
  isolation: {
    summary: 'the main commands without a network and under strace: connections, files written elsewhere',
    flags: {},
    run: benchIsolation,
  },
  speed: { summary: 'what objectives add to a step, and what the teacher costs, cached against at every step', flags: speedFlags, run: benchSpeed },
}
