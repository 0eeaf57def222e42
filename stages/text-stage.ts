import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { hashFiles } from '../base/hashes.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { TextCorpus } from '../corpora/sample.ts'
import type { TrainingResult } from '../engine/train.ts'
import { validation } from '../eval/validation.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { fit } from '../training/fit.ts'
import { innerNeeds, innerSpecs, innerTowers } from '../training/inner-step.ts'
import type { Weights } from '../training/objectives/objective.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import { objectiveSettings } from '../training/objectives/settings.ts'
import { objectiveParams } from '../training/objectives/table.ts'
import { identityOf } from '../training/data/prepare.ts'
import { checkStage1, requireUnset, type Stage1Settings } from '../training/stage1-settings.ts'
import { startStudent } from '../training/start-student.ts'
import { requireContext, requireSameTokenizer } from '../training/teachers/inner-teacher.ts'
import { generalDim, type Teachers, teamId, withTeachers } from '../training/teachers/teachers.ts'
import { gatherTeam, requirePivot } from '../training/teachers/team.ts'
import { textLengthOf } from '../training/data/text-length.ts'
import { loadTrainingSet } from '../training/data/training-set.ts'
import type { Stage1Run } from './stage1.ts'

export interface TextRun extends Omit<Stage1Run, 'open'> {
  texts: TextCorpus
  /** Where recall can be measured, for a student whose image tower is trained (`init`). */
  open?: OpenCorpus
}

/** @throws UserError for settings of images: best asked before a run has a folder */
export function checkTextStage(settings: Stage1Settings): void {
  requireUnset(settings, ['augmentation', 'strength', 'keepPatches', 'unmaskedTail'], 'for a corpus of texts alone')
}

/**
 * Stage 1 on parallel texts without images (Multilingual-CLIP): the text tower alone learns the teacher's features of texts. The image
 * tower stays as it is, bit for bit: random, or that of the student in `init`. Writes dir/student.
 * @throws UserError before anything is computed for objectives that need images or several spaces
 */
export async function runTextStage(run: TextRun): Promise<{ model: DualEncoder; tokenizerDir: string; result: TrainingResult }> {
  const { settings, languages } = run
  const weights = checkStage1(settings)
  requirePivot(settings.pivot, languages, weights)
  checkTextStage(settings)
  if (settings.shrink) throw refuseShrinking()
  if (settings.specialists) throw refuseSpecialists(settings.specialists)
  return await withTeachers({ ...run, towers: innerTowers(weights).filter((tower) => tower === 'text') }, (teachers) => {
    const { image: _unseen, ...shapes } = teachers.innerTeacher?.shapes ?? {}
    requireNeeds(weights, { teacher: true, ...innerNeeds(shapes) })
    return distilTexts(run, weights, teachers)
  })
}

async function distilTexts(run: TextRun, weights: Weights, teachers: Teachers) {
  const { texts, languages, settings, dir, cacheDir, open } = run
  const { teacher, innerTeacher } = teachers
  const { seed, pivot, variants } = settings
  const set = await loadTrainingSet(texts, 'train', languages)
  const embedDim = generalDim(teachers)
  const { model, tokenizer, tokenizerDir } = await startStudent(settings, { dir, resume: run.resume, set, imageSize: teacher.imageSize, embedDim })
  const { config } = model
  if (config.projection_dim !== embedDim) throw refuseDimension(config.projection_dim, embedDim)
  if (innerTeacher) {
    requireSameTokenizer(tokenizer, innerTeacher.tokenizer, set.texts)
    requireContext(innerTeacher, textLengthOf({ set, tokenizer, config }))
    const { shapes } = innerTeacher
    innerSpecs(config, weights, { ...settings, languages, inner: shapes, textLength: shapes.text?.tokens ?? tokenizer.contextLength }) // throws before it runs
  }
  const policy = { name: settings.augmentation, strength: settings.strength }
  const { general, inner } = await gatherTeam(teachers, weights, { set }, { cacheDir, variants, policy, seed, tokenizer, config })
  const shown = innerTeacher?.shapes.text
  const widths = shown && { text: { student: config.text_config.hidden_size, teacher: shown.width } }
  const sizes = { embedDim, teacherDim: embedDim, classes: set.labelCount, inner: widths }
  const own = objectiveParams(weights, sizes, seed)
  const params = { ...model.params, ...own }
  const trained = Object.keys(params).filter((name) => name.startsWith('text_') || name in own)

  const identity = identityOf(texts, { set }, config, settings, {
    teacher: teamId(teachers),
    tokenizer: await hashFiles(tokenizerDir, [join(tokenizerDir, 'tokenizer.json')]),
  })
  const encoder = await modelEncoder('student', model, tokenizer, { threads: settings.threads })
  try {
    const evaluate = open && settings.init ? await validation(open, languages, encoder, cacheDir) : undefined
    const label = 'stage 1, texts'
    const told = { teacher: general, inner, pivot, objectiveSettings: objectiveSettings.parse(settings) }
    const result = await fit({
      ...told,
      label,
      dir,
      config,
      params,
      trained,
      set,
      tokenizer,
      weights,
      settings,
      identity,
      resume: run.resume,
      evaluate,
    })
    const image = settings.init ? `that of ${settings.init}` : "random: the teacher's own fits the text tower"
    process.stderr.write(`${label}: the image tower was left as it was (${image})\n`)
    await writeModelFolder(join(dir, 'student'), model, tokenizerDir)
    return { model, tokenizerDir, result }
  } finally {
    await encoder.release()
  }
}

function refuseSpecialists(specialists: string[]): UserError {
  const hint = 'Use one teacher, or --ensemble; specialists need images to bring their spaces together.'
  return new UserError({ where: `--specialists ${specialists.join()}`, expected: 'one space for all languages of texts alone', got: 'several', hint })
}

function refuseShrinking(): UserError {
  const hint = 'Shrink a student on images and texts, or leave --shrink out.'
  return new UserError({ where: '--shrink', expected: 'a corpus with images: both towers shrink together', got: 'texts alone', hint })
}

function refuseDimension(own: number, teacher: number): UserError {
  return new UserError({
    where: 'stage 1, texts',
    expected: `a student whose embedding has the teacher's ${teacher} dimensions`,
    got: `${own}`,
    hint: 'Leave --embedDim out, or begin with a student of that teacher: an adapter of one tower cannot be folded into both.',
  })
}
