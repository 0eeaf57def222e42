import { markdownTable } from 'markdown-table'
import { stage1Settings } from '../training/stage1-settings.ts'
import { openWorld, placeOf } from './study/place.ts'
import { conduct, type PlannedRun, recordedOf, studyFlags } from './study/plan.ts'
import { machinesOf, type Row, rowsOf, showSpread } from './study/rows.ts'
import { pageCommand, writePage } from './study/write-page.ts'
import type { Flags } from './subject.ts'

export const teacherModesFlags = { ...studyFlags, classColumn: 'subgroup' }

const defaults = stage1Settings.parse({})

interface Mode {
  name: string
  says: string
  settings: { objective: string; variants?: number; classCentroids?: number; classConfidence?: boolean; classScale?: number }
}

/** What all of them have: classes say nothing of texts, so texts have the same targets and only those of images differ. */
const texts = 'task:1,fd-text:4'
const means = (k: number) => ({ objective: `${texts},class-embed:0.5`, classCentroids: k })

/** What CLIP-Embed-KD compares, on equal work: no word about images, the teacher at every step, its cached embeddings, means of its classes. */
const modes: Mode[] = [
  { name: 'texts-alone', says: 'nothing about images', settings: { objective: texts } },
  { name: 'every-step', says: 'teacher at every step', settings: { objective: `${texts},fd-image:4`, variants: 0 } },
  { name: 'cached', says: 'cached embeddings', settings: { objective: `${texts},fd-image:4` } },
  ...[1, 4, 16].map((k) => ({ name: `class-means-${k}`, says: k === 1 ? 'class means' : `${k} centroids a class`, settings: means(k) })),
  { name: 'class-means-4-confidence', says: '4 centroids, images by confidence', settings: { ...means(4), classConfidence: true } },
  { name: 'class-means-4-scale', says: '4 centroids, cosines × 20', settings: { ...means(4), classScale: 20 } },
]

/** Time per epoch, peak memory and recall, on the rarest tenth of the classes too, of three ways to run a teacher. */
export async function benchTeacherModes(flags: Flags): Promise<void> {
  const place = placeOf(flags)
  const world = await openWorld(place)
  const classColumn = String(flags.classColumn)
  const { variants, augmentation, strength, batchSize } = defaults
  const features: PlannedRun = {
    row: 'features',
    seed: 1,
    settings: { variants },
    job: { name: 'features', work: { settings: { variants, augmentation, strength, seed: 1 } } },
  }
  const runsOf = (seed: number) => modes.map((mode) => planned(mode, { steps: Number(flags.steps), seed, classColumn }))
  const study = { name: 'teacher-modes', place, world, once: [features], runsOf }
  await conduct(study, flags)

  const rows = rowsOf(await recordedOf(study))
  const epoch = Math.max(1, Math.floor(world.images / Math.min(batchSize, world.images)))
  const once = rows.find(({ name }) => name === 'features')
  const lines = modes.flatMap(({ name, says }) => rows.filter((row) => row.name === name).map((row) => line(says, row, epoch, place.languages)))
  const rare = rows.find(({ measures }) => measures.rareClasses)?.measures
  const header = ['way', 'seeds', 's an epoch', 'peak MB', ...place.languages, ...place.languages.map((language) => `${language}, rarest tenth`)]
  await writePage(place.out, 'teacher-modes', [
    '# Three ways to run a teacher',
    `\`${pageCommand('teacher-modes', flags, teacherModesFlags)}\` writes this page from teacher-modes.jsonl, which has a line for every run.`,
    `Student *tiny* on ${place.corpus}, stage 1 alone, ${flags.steps} steps of the same images; every run in a process of its own. An epoch is ${epoch} steps at the ` +
      `run's median time (${machinesOf(rows)}). Validation mean recall in %, mean ± standard deviation over seeds. Classes are those of the column \`${classColumn}\`; the rarest tenth are ` +
      `${showSpread(rare?.rareClasses, 1, 0)} of them, with ${showSpread(rare?.rareQueries, 1, 0)} queries each way. The teacher at every step embeds new augmentations, all others have the same ${variants} stored ones of each image.`,
    markdownTable([header, ...lines]),
    once
      ? `The cache of ${variants} augmentations and all captions is made once, in ${showSpread(once.measures.minutes)} minutes with a peak of ${showSpread(once.measures.peakMemoryMB, 1, 0)} MB.`
      : '',
  ])
}

function planned(mode: (typeof modes)[number], common: { steps: number; seed: number; classColumn: string }): PlannedRun {
  const { seed, classColumn } = common
  const settings = { ...mode.settings, steps: common.steps, classColumn }
  return {
    row: mode.name,
    seed,
    settings,
    job: { name: 'stage1', work: { settings: stage1Settings.parse({ ...settings, seed }), rareOf: classColumn } },
  }
}

function line(says: string, { runs, measures }: Row, epoch: number, languages: readonly string[]): string[] {
  return [
    `${says} (\`${runs[0]!.settings.objective}\`)`,
    String(runs.length),
    showSpread(measures.secondsPerStep, epoch),
    showSpread(measures.peakMemoryMB, 1, 0),
    ...languages.map((language) => showSpread(measures[`recall.${language}`], 100)),
    ...languages.map((language) => showSpread(measures[`rare.${language}`], 100)),
  ]
}
