import type { OpenCorpus } from '../corpora/open.ts'
import type { Encoder } from '../models/encoder.ts'
import type { KeptImageTower } from '../models/kept-image.ts'
import { requireStudentSpace } from '../training/adapters.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import type { TrainingSet } from '../training/data/training-set.ts'
import { requireSharedClasses } from '../training/objectives/centroids.ts'
import { innerNeeds, innerTowers } from '../training/objectives/inner-layers.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import { objectiveSettings } from '../training/objectives/settings.ts'
import { needs } from '../training/objectives/table.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import { shrinkSettingsOf } from '../training/shrink/settings.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
import { startStudent, studentImageSize } from '../training/start-student.ts'
import { requirePivot } from '../training/teachers/all-features.ts'
import { withTeachers } from '../training/teachers/teachers.ts'

export interface Stage1Run extends StageRun {
  open: OpenCorpus
  /** Released once its features are stored (`variants` of 1 or more): it is not in memory while the student learns. */
  teacher: Encoder
  settings: Stage1Settings
  /** The teacher's image tower, where the student is to keep it. */
  keptImage?: KeptImageTower
}

/**
 * Stage 1 (DC-CLIP): distils the image and text features of one or several teachers into a student, on the whole train split. Writes dir/student. Returns the student and the folder of its tokenizer.
 * @throws UserError before anything is computed for objectives that this data or these teachers do not allow
 */
export async function runStage1(run: Stage1Run): Promise<StageResult> {
  const { open, teacher, settings, keptImage, ...common } = run
  const weights = checkStage1(settings)
  requirePivot(settings.pivot, run.languages, weights)
  const imageSize = await studentImageSize(settings, open.imageSize, teacher.imageSize)
  return await withTeachers({ teacher, settings, languages: run.languages, towers: innerTowers(weights) }, (teachers) => {
    const specialists = teachers.others.filter(({ languages }) => languages).length
    requireNeeds(weights, {
      images: true,
      teacher: true,
      'one-teacher': specialists === 0,
      classes: true,
      'masked-image': true,
      centroids: true,
      ...innerNeeds(teachers.innerTeacher?.shapes),
    })
    requireStudentSpace(weights, 1 + specialists)
    const student = async (set: TrainingSet) => {
      if (needs(weights, 'centroids')) requireSharedClasses(set.labelCount, set.images.length, settings.classColumn)
      const start = await startStudent(settings, { ...common, set, imageSize, embedDim: teacher.embedDim, keptImage })
      return { ...start, model: { ...start.model, framing: teacher.framing } } // sizes may differ, what is cut off not
    }
    return runStage({
      ...common,
      label: 'stage 1',
      settings,
      corpus: open.corpus,
      classColumn: settings.classColumn,
      student,
      weights,
      objectiveSettings: objectiveSettings.parse(settings),
      distillation: { teachers, variants: settings.variants, targets: settings.targets, pivot: settings.pivot },
      shrinkSettings: settings.shrink ? shrinkSettingsOf(settings) : undefined,
      validateOn: open,
    })
  })
}
