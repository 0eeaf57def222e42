import { join } from 'node:path'
import { hashFiles } from '../base/hashes.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import type { TrainingResult } from '../engine/train.ts'
import { validation } from '../eval/validation.ts'
import type { ClipConfig } from '../models/config.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { type Encoder, modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { createAdapters, requireBothTowers, requireOwnSpace, settleAdapters } from '../training/adapters.ts'
import { fit } from '../training/fit.ts'
import { type InnerShapes, innerNeeds, innerSpecs, innerTowers, shownOf } from '../training/inner-step.ts'
import { requireSharedClasses } from '../training/objectives/centroids.ts'
import type { ObjectiveSizes, Weights } from '../training/objectives/objective.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import { objectiveSettings } from '../training/objectives/settings.ts'
import { needs, objectiveParams, teachesOwnSpace } from '../training/objectives/table.ts'
import { type ImageData, identityOf, prepareData } from '../training/data/prepare.ts'
import { dynamicCapacity } from '../training/shrink/capacity.ts'
import { capacityOf } from '../training/shrink/settings.ts'
import { checkStage1, type Stage1Settings } from '../training/stage1-settings.ts'
import { startStudent } from '../training/start-student.ts'
import { requireContext, requireSameSize, requireSameTokenizer } from '../training/teachers/inner-teacher.ts'
import { generalDim, type Teachers, teamId, withTeachers } from '../training/teachers/teachers.ts'
import { gatherTeam, requirePivot } from '../training/teachers/team.ts'
import { textLengthOf } from '../training/data/text-length.ts'

export interface Stage1Run {
  open: OpenCorpus
  languages: Language[]
  /** Released once its features are stored (`variants` of 1 or more): it is not in memory while the student learns. */
  teacher: Encoder
  settings: Stage1Settings
  dir: string
  cacheDir: string
  resume?: boolean
}

/**
 * Stage 1 (DC-CLIP): distils the image and text features of one or several teachers into a student, on the whole train split. Writes dir/student. Returns the student and the folder of its tokenizer.
 * @throws UserError before anything is computed for objectives that this data or these teachers do not allow
 */
export async function runStage1(run: Stage1Run): Promise<{ model: DualEncoder; tokenizerDir: string; result: TrainingResult }> {
  const { settings, languages } = run
  const weights = checkStage1(settings)
  requirePivot(settings.pivot, languages, weights)
  return await withTeachers({ ...run, towers: innerTowers(weights) }, async (teachers) => {
    const specialists = teachers.colleagues.filter((colleague) => colleague.languages).length
    requireNeeds(weights, {
      images: true,
      teacher: true,
      'one-teacher': specialists === 0,
      classes: true,
      'masked-image': true,
      centroids: true,
      ...innerNeeds(teachers.innerTeacher?.shapes),
    })
    requireOwnSpace(weights, 1 + specialists)
    const data = await prepareData(run.open.corpus, languages, run.teacher.imageSize, run.cacheDir, settings)
    return await distil(run, data, weights, teachers).finally(() => data.pixels.close())
  })
}

async function distil(run: Stage1Run, data: ImageData, weights: Weights, teachers: Teachers) {
  const { open, languages, settings, dir, cacheDir } = run
  const { teacher, innerTeacher } = teachers
  const { seed } = settings
  if (needs(weights, 'centroids')) requireSharedClasses(data.set.labelCount, data.set.images.length, settings.classColumn)
  const { model, tokenizer, tokenizerDir } = await startStudent(settings, { dir, resume: run.resume, set: data.set, ...teacher })
  const { config } = model
  if (innerTeacher && shownOf(weights, 'text').length > 0) {
    requireSameTokenizer(tokenizer, innerTeacher.tokenizer, data.set.texts)
    requireContext(innerTeacher, textLengthOf({ ...data, tokenizer, config }))
  }

  const embedDim = config.projection_dim
  requireBothTowers(weights, embedDim, generalDim(teachers))
  const shapes = innerTeacher?.shapes
  innerSpecs(config, weights, { ...settings, languages, inner: shapes, textLength: shapes?.text?.tokens ?? tokenizer.contextLength }) // throws before the teachers run
  if (innerTeacher && shownOf(weights, 'image').length > 0) requireSameSize(innerTeacher, teacher.imageSize)
  const policy = { name: settings.augmentation, strength: settings.strength }
  const { variants } = settings
  const { general, specialists, inner } = await gatherTeam(teachers, weights, data, { cacheDir, variants, policy, seed, tokenizer, config })
  const adapters = createAdapters(embedDim, [{ embedDim: general.embedDim }, ...specialists], weights, seed)
  const sizes = { embedDim, teacherDim: general.embedDim, classes: data.set.labelCount, inner: innerWidths(config, shapes) }
  const params = { ...model.params, ...adapters, ...objectiveParams(weights, sizes, seed) }
  const told = { teacher: general, specialists, inner, pivot: settings.pivot, objectiveSettings: objectiveSettings.parse(settings) }
  const source = { ...data, config, tokenizer, weights, settings, ...told }
  const capacity = settings.shrink ? await dynamicCapacity(model, capacityOf(settings), { ...source, params }) : undefined

  const encoder = await modelEncoder('student', capacity?.folded ?? model, tokenizer, { threads: settings.threads })
  try {
    // Where only the adapted space learns, a validation of the student's own would show chance.
    const measurable = Object.keys(adapters).length === 0 || teachesOwnSpace(weights)
    const validate = measurable ? await validation(open, languages, encoder, cacheDir) : undefined
    const evaluate = capacity ? async () => ({ ...(await capacity.refold()), ...(await validate?.()) }) : validate
    const identity = identityOf(open.corpus, data, config, settings, {
      teacher: teamId(teachers),
      tokenizer: await hashFiles(tokenizerDir, [join(tokenizerDir, 'tokenizer.json')]),
    })
    const { constraint, params: own = {}, fixed = [] } = capacity ?? {}
    const learning = { params: { ...params, ...own }, trained: Object.keys({ ...params, ...own }).filter((name) => !fixed.includes(name)) }
    const result = await fit({ ...source, ...learning, label: 'stage 1', dir, constraint, identity, resume: run.resume, evaluate })
    const shrunk = await capacity?.settle()
    if (shrunk) process.stderr.write(`stage 1: ${shrunk.note}\n`)
    const settled = settleAdapters(shrunk?.model ?? model, adapters, weights)
    process.stderr.write(`stage 1: ${settled.note}\n`)
    await writeModelFolder(join(dir, 'student'), settled.model, tokenizerDir)
    return { model: settled.model, tokenizerDir, result }
  } finally {
    await encoder.release()
    await capacity?.release()
  }
}

/** Widths of the towers on both sides of hidden's projection. */
function innerWidths({ vision_config: vision, text_config: text }: ClipConfig, { image, text: words }: InnerShapes = {}): ObjectiveSizes['inner'] {
  return {
    ...(image && { image: { student: vision.hidden_size, teacher: image.width } }),
    ...(words && { text: { student: text.hidden_size, teacher: words.width } }),
  }
}
