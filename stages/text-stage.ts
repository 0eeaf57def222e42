import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import { type OpenCorpus, pictureSize } from '../corpora/open.ts'
import type { TextCorpus } from '../corpora/sample.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import { innerNeeds, innerTowers } from '../training/objectives/inner-layers.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import { objectiveSettings } from '../training/objectives/settings.ts'
import { requireUnset } from '../training/require-unset.ts'
import { runStage, type StageResult } from '../training/run-stage.ts'
import { captionedSource } from '../training/source.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
import { generalDim, withTeachers } from '../training/teachers/teachers.ts'
import { beginStudent, checkBeginning } from './begin-student.ts'
import { mixed, poolSource, tokenizerTexts } from './pool-source.ts'
import type { Stage1Run } from './stage1.ts'

interface TextRun extends Omit<Stage1Run, 'open' | 'pictures'> {
  texts: TextCorpus
  /** Where recall can be measured, for a student whose image tower is trained (`init`) or kept. */
  open?: OpenCorpus
}

/** @throws UserError for settings of images and of several spaces: best asked before a run has a folder */
export function checkTextStage(settings: Stage1Settings): void {
  requireUnset(settings, ['augmentation', 'strength', 'targets', 'keepPatches', 'unmaskedTail', 'pictureShare'], 'for a corpus of texts alone')
  if (settings.shrink) throw refuseShrinking()
  if (settings.specialists) throw refuseSpecialists(settings.specialists)
}

/**
 * Stage 1 on parallel texts without images (Multilingual-CLIP): the text tower alone learns the teacher's features of texts. The image
 * tower stays as it is, bit for bit: random, or that of the student in `init`. Writes dir/student.
 * @throws UserError before anything is computed for objectives that need images or several spaces
 */
export async function runTextStage(run: TextRun): Promise<StageResult> {
  const { texts, open, teacher, settings, pool, keptImage, ...common } = run
  const label = 'stage 1, texts'
  const weights = checkStage1(settings)
  checkTextStage(settings)
  const usualSize = open?.imageSize ?? pictureSize
  const imageSize = await checkBeginning(settings, { teacher, languages: run.languages, usualSize, keptImage })
  const towers = innerTowers(weights).filter((tower) => tower === 'text')
  const result = await withTeachers({ teacher, settings, languages: run.languages, towers }, async (teachers) => {
    const { image: _unseen, ...shapes } = teachers.innerTeacher?.shapes ?? {}
    requireNeeds(weights, { texts: true, teacher: true, ...innerNeeds(shapes) })
    const embedDim = generalDim(teachers)
    const distillation = { teachers, variants: settings.variants, targets: settings.targets, pivot: settings.pivot }
    const main = await captionedSource(texts, run.languages, { weights, distillation })
    const poolTexts = await poolSource({ ...pool, languages: run.languages, open }, settings, teachers)
    const student = async () => {
      const start = await beginStudent(settings, teacher, {
        ...common,
        texts: tokenizerTexts(main.set.texts, poolTexts?.set),
        imageSize,
        embedDim,
        keptImage,
      })
      const { projection_dim: dim } = start.model.config
      if (dim !== embedDim) throw refuseDimension(label, dim, embedDim)
      return start
    }
    return await runStage({
      ...common,
      label,
      settings,
      sources: mixed(main, poolTexts),
      student,
      objectiveSettings: objectiveSettings.parse(settings),
      validateOn: settings.init || keptImage ? open : undefined,
    })
  })
  if (keptImage) return result
  const image = settings.init ? `that of ${settings.init}` : "random: the teacher's own fits the text tower"
  notice(`${label}: the image tower was left as it was (${image})`)
  return result
}

function refuseSpecialists(specialists: string[]): UserError {
  const hint = 'Use one teacher, or --ensemble; specialists need images to bring their spaces together.'
  return new UserError({ where: `--specialists ${specialists.join()}`, expected: 'one space for all languages of texts alone', got: 'several', hint })
}

function refuseShrinking(): UserError {
  const hint = 'Shrink a student on images and texts, or leave --shrink out.'
  return new UserError({ where: '--shrink', expected: 'a corpus with images: both towers shrink together', got: 'texts alone', hint })
}

function refuseDimension(where: string, student: number, teacher: number): UserError {
  return new UserError({
    where,
    expected: `a student whose embedding has the teacher's ${teacher} dimensions`,
    got: `${student}`,
    hint: 'Leave --embed-dim out, or begin with a student of that teacher: an adapter of one tower cannot be folded into both.',
  })
}
