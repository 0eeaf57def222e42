import type { OpenCorpus } from '../corpora/open.ts'
import type { Pictures } from '../corpora/picture-folder.ts'
import type { Encoder } from '../models/encoder.ts'
import type { KeptImageTower } from '../models/kept-image.ts'
import { requireStudentSpace } from '../training/adapters.ts'
import { picturesNeedTexts } from '../training/check-pictures.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import { captionTargets, unspelledNote } from '../training/data/caption-targets.ts'
import { requireSharedClasses } from '../training/objectives/centroids.ts'
import { innerNeeds, innerTowers } from '../training/objectives/inner-layers.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import { objectiveSettings } from '../training/objectives/settings.ts'
import { needs } from '../training/objectives/table.ts'
import type { PoolSettings } from '../training/pool-settings.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import type { TrainSettings } from '../training/settings.ts'
import { shrinkSettingsOf } from '../training/shrink/settings.ts'
import { captionedSource, type Source } from '../training/source.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
import { type Teachers, withTeachers } from '../training/teachers/teachers.ts'
import { beginStudent, checkBeginning } from './begin-student.ts'
import { pictureSource, uncaptionedSource } from './picture-source.ts'
import { mixed, poolTexts, textSource, tokenizerTexts } from './pool-source.ts'

export interface Stage1Run extends StageRun {
  open: OpenCorpus
  /** Released once its features are stored (`variants` of 1 or more): it is not in memory while the student learns. */
  teacher: Encoder
  settings: Stage1Settings
  /** Texts without images, where settings.textShare asks for any. */
  pool?: PoolSettings
  /** Pictures without captions, where settings.pictureShare asks for any. */
  pictures?: Pictures
  /** Pictures without captions, learnt in place of the corpus' own: of `open` validation is what is left. */
  uncaptioned?: Pictures
  /** Settings of stage 2, where it follows. */
  followedBy?: TrainSettings
  /** The teacher's image tower, where the student is to keep it. */
  keptImage?: KeptImageTower
}

/**
 * Stage 1 (DC-CLIP): distils the image and text features of one or several teachers into a student, on the whole train split. Writes dir/student. Returns the student and the folder of its tokenizer.
 * @throws UserError before anything is computed for objectives that this data or these teachers do not allow
 */
export async function runStage1(run: Stage1Run): Promise<StageResult> {
  const { open, teacher, settings, pool, pictures, uncaptioned, keptImage, ...common } = run
  const weights = checkStage1(settings)
  const imageSize = await checkBeginning(settings, { teacher, languages: run.languages, usualSize: open.imageSize, keptImage })
  return await withTeachers({ teacher, settings, languages: run.languages, towers: innerTowers(weights) }, async (teachers) => {
    const specialists = teachers.others.filter(({ languages }) => languages).length
    requireNeeds(weights, {
      images: true,
      texts: true,
      pairs: !uncaptioned,
      teacher: true,
      'one-teacher': specialists === 0,
      classes: !uncaptioned,
      'masked-image': true,
      centroids: !uncaptioned,
      ...innerNeeds(teachers.innerTeacher?.shapes),
    })
    requireStudentSpace(weights, 1 + specialists)
    const distillation = { teachers, variants: settings.variants, targets: settings.targets, pivot: settings.pivot }
    const besidePictures = picturesNeedTexts(settings)
    const needsPool = settings.textShare > 0 || besidePictures || (uncaptioned && needs(weights, 'texts'))
    const texts = needsPool ? await poolTexts({ ...pool, languages: run.languages, open }, teachers) : undefined
    const main = uncaptioned
      ? uncaptionedSource(uncaptioned, texts?.set, { weights, distillation, batchSize: settings.batchSize })
      : spelledBy(teachers, await captionedSource(open.corpus, run.languages, { weights, distillation, classColumn: settings.classColumn }))
    if (needs(weights, 'centroids')) requireSharedClasses(main.set.labelCount, main.set.images.length, settings.classColumn)
    const unpaired = [
      texts && textSource(texts, settings, teachers),
      pictureSource(pictures, besidePictures ? texts?.set : undefined, settings, teachers),
    ]
    const student = async () => {
      const start = await beginStudent(settings, teacher, {
        ...common,
        texts: tokenizerTexts(uncaptioned ? [] : main.set.texts, texts?.set),
        imageSize,
        embedDim: teacher.embedDim,
        keptImage,
      })
      return { ...start, model: { ...start.model, framing: teacher.framing } } // sizes may differ, what is cut off not
    }
    return await runStage({
      ...common,
      label: 'stage 1',
      settings,
      sources: mixed(main, ...unpaired),
      student,
      objectiveSettings: objectiveSettings.parse(settings),
      shrinkSettings: settings.shrink ? shrinkSettingsOf(settings) : undefined,
      validateOn: open,
    })
  })
}

/** Captions that the teacher cannot spell have others as targets; with a pivot it reads none of them. */
function spelledBy({ teacher: { tokenizer }, others }: Teachers, source: Source): Source {
  if (others.length > 0 || source.distillation?.pivot !== undefined) return source
  const { set, counts } = captionTargets(source.set, tokenizer)
  return { ...source, set, notes: counts.map(unspelledNote) }
}
