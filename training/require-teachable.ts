import { textLengthOf } from './data/text-length.ts'
import type { TrainingSet } from './data/training-set.ts'
import { comparedLayers, requireComparable } from './objectives/inner-layers.ts'
import type { Weights } from './objectives/objective.ts'
import type { Start } from './start-student.ts'
import { rowsOfImages } from './teachers/imported/rows.ts'
import { requireContext, requireSameSize, requireSameTokenizer } from './teachers/inner-teacher.ts'
import type { Teachers } from './teachers/teachers.ts'

/**
 * These teachers can teach this student with these objectives.
 * @throws UserError for inner layers that cannot be compared, and images that imported features lack; before the teachers run
 */
export function requireTeachable(
  teachers: Teachers,
  weights: Weights,
  { model, tokenizer }: Start,
  set: TrainingSet,
  { keepPatches, variants }: { keepPatches: number; variants: number },
): void {
  const { config } = model
  const { innerTeacher, imported } = teachers
  if (imported && set.images.length > 0) rowsOfImages(imported, set.images)
  const layers = { image: comparedLayers(weights, 'image'), text: comparedLayers(weights, 'text') }
  if (innerTeacher && layers.text.length > 0) {
    requireSameTokenizer(tokenizer, innerTeacher.tokenizer, set.texts)
    requireContext(innerTeacher, textLengthOf({ set, tokenizer, config }))
  }
  requireComparable(config, weights, { keepPatches, inner: innerTeacher?.shapes })
  if (innerTeacher && layers.image.length > 0 && variants === 0) requireSameSize(innerTeacher, config.vision_config.image_size)
}
