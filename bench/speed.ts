import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { UserError } from '../base/errors.ts'
import { stage1Settings } from '../training/stage1-settings.ts'
import { measured, type Rows } from './record/rows.ts'
import type { Measures } from './study/job.ts'
import type { Job } from './study/jobs.ts'
import { largeTeacher } from './study/large-teacher.ts'
import { openWorld, type Place, placeFlags, placeOf, type World } from './study/place.ts'
import { runJob } from './study/run-job.ts'
import type { Flags } from './subject.ts'

export const speedFlags = { parts: 'step,epoch', rounds: 25, onlineSteps: 4, ...placeFlags }

/** What distillation costs: the objectives in a step, and the teacher in an epoch, cached against at every step; prints and returns both. */
export async function benchSpeed(flags: Flags): Promise<Rows> {
  const place = placeOf(flags)
  const onlineSteps = Number(flags.onlineSteps)
  if (!Number.isInteger(onlineSteps) || onlineSteps < 2)
    throw new UserError({
      where: '--online-steps',
      expected: 'a whole number from 2: the first step is none to time',
      got: `${onlineSteps}`,
      hint: 'Usual is 4.',
    })
  const parts = String(flags.parts).split(',')
  const unknown = parts.find((part) => part !== 'step' && part !== 'epoch')
  if (unknown !== undefined)
    throw new UserError({ where: '--parts', expected: 'step, epoch or both', got: unknown, hint: 'Write --parts step,epoch.' })
  const step = parts.includes('step') ? await objectiveCost(place, Number(flags.rounds)) : {}
  const epoch = parts.includes('epoch') ? await teacherCost(place, await openWorld(place), onlineSteps) : {}
  return { ...step, ...epoch }
}

/** Compiled steps of tiny at batch 256 on one real batch, in turn, so that what else the machine does slows all alike. */
async function objectiveCost(place: Place, rounds: number): Promise<Rows> {
  const objectives = { task: 'task:1', 'fd+crd': 'task:1,fd:4,crd:1', 'fd+crd+icl': 'task:1,fd:4,crd:1,icl:1' }
  const rows: string[][] = []
  const results: Rows = {}
  for (const keepPatches of [0.5, 1]) {
    const settings = stage1Settings.parse({ keepPatches })
    const job: Job = { name: 'step-cost', work: { settings, objectives, rounds } }
    const times = await runJob('step cost', job, { place, dir: '' })
    for (const name of Object.keys(objectives)) {
      const what = `${name}, ${keepPatches < 1 ? 'half of the patches' : 'all patches'}`
      Object.assign(results, { [what]: measured('ms', times[name]!), [`${what}, processor`]: measured('ms', times[`${name} processor`]!) })
      const own = ['', ' processor'].flatMap((kind) => {
        const [time, base] = [times[name + kind]!, times[`task${kind}`]!]
        return [time.toFixed(0), name === 'task' ? '' : percent(time / base - 1)]
      })
      rows.push([keepPatches < 1 ? 'half' : 'all', `\`${objectives[name as keyof typeof objectives]}\``, ...own])
    }
  }
  console.log(`Compiled step of tiny, 256 images, ${place.languages.join(' and ')}; medians of ${rounds} in turn:\n`)
  console.log(`${markdownTable([['patches', 'objectives', 'ms', 'more', 'processor ms', 'more'], ...rows])}\n`)
  return results
}

/**
 * Runs of stage 1, each in a process of its own: a large teacher's features cached, of one augmentation, and the same teacher at every step; beside each the same run
 * without a teacher.
 * With the cache a whole epoch is run; with the large teacher a few steps, whose median stands for all of an epoch's.
 */
async function teacherCost(place: Place, world: World, onlineSteps: number): Promise<Rows> {
  const large = await largeTeacher(place, world)
  const { batchSize } = stage1Settings.parse({})
  const epoch = Math.max(1, Math.floor(world.images / Math.min(batchSize, world.images)))
  // Whole images only come at a run's end and would hide the teacher behind the student's own memory.
  const usual = { warmup: 1, unmaskedTail: 0, logEvery: 1 }
  const settings = (steps: number, variants: number) => stage1Settings.parse({ ...usual, steps, variants })
  const { embedDim, imageSize } = world
  const plain = (steps: number): Job => ({ name: 'plain', work: { settings: settings(steps, 1), embedDim, imageSize } })
  const runOf = async (name: string, job: Job): Promise<Measures> => {
    const dir = join(place.runs, `speed-${name}`)
    await rm(dir, { recursive: true, force: true })
    return runJob(`speed, ${name}`, job, { place: { ...place, teacher: large.dir }, dir })
  }
  // The first run fills the cache where it is empty; the second only reads it.
  await runOf('fill', { name: 'stage1', work: { settings: settings(1, 1) } })
  const cached = await runOf('cached', { name: 'stage1', work: { settings: settings(epoch, 1) } })
  const alone = await runOf('alone', plain(epoch))
  const online = await runOf('online', { name: 'stage1', work: { settings: settings(onlineSteps, 0) } })
  const aloneShort = await runOf('alone-short', plain(onlineSteps))

  const row = (name: string, steps: number, run: Measures, without?: Measures) => [
    name,
    String(steps),
    run.secondsPerStep!.toFixed(2),
    (run.secondsPerStep! * epoch).toFixed(0),
    String(run.peakMemoryMB),
    without ? String(run.peakMemoryMB! - without.peakMemoryMB!) : '',
  ]
  const size = `${(large.parameters / 1e6).toFixed(0)} M`
  const header = ['teacher', 'steps run', 's a step', 's an epoch', 'peak MB', 'more than without MB']
  const rows = [
    row('none', epoch, alone),
    row(`features of ${size} cached`, epoch, cached, alone),
    row('none', onlineSteps, aloneShort),
    row(`${size} at every step`, onlineSteps, online, aloneShort),
  ]
  const added = (run: Measures, without: Measures) => run.peakMemoryMB! - without.peakMemoryMB!
  console.log(
    `Stage 1 of tiny, ${batchSize} images a step, half of the patches, ${epoch} steps an epoch (median step × ${epoch}); each run in its own process:\n`,
  )
  console.log(`${markdownTable([header, ...rows])}\n`)
  console.log(
    `With the cache an epoch is ${(online.secondsPerStep! / cached.secondsPerStep!).toFixed(1)} times as fast, ` +
      `and the teacher adds ${added(cached, alone)} MB instead of ${added(online, aloneShort)} MB: ${(added(online, aloneShort) / added(cached, alone)).toFixed(1)} times less.`,
  )
  const results = Object.entries({ none: alone, cached, 'at every step': online }).flatMap(([teacher, { secondsPerStep, peakMemoryMB }]) => [
    [`teacher ${teacher}, step`, measured('s', secondsPerStep!)] as const,
    [`teacher ${teacher}, peak`, measured('MB', peakMemoryMB!)] as const,
  ])
  return Object.fromEntries(results)
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`
}
