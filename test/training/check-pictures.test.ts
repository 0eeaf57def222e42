import test from 'ava'
import { checkPictures, picturesNeedTexts, requirePicturesUsed } from '../../training/check-pictures.ts'
import { checkStage1 } from '../../training/check-stage1.ts'
import { requireTextsUsed } from '../../training/check-texts.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { throwsUserError } from '../user-error.ts'

const settings = (more: object) => stage1Settings.parse(more)

test('what pictures teach by, and whether texts are drawn beside them', (t) => {
  t.is(checkPictures(settings({})), undefined)
  t.deepEqual(checkPictures(settings({ pictureShare: 0.3 })), { 'fd-image': 4 })
  t.false(picturesNeedTexts(settings({ pictureShare: 0.3, pictureObjective: 'fd-image,rkd-image,mfd-image,smooth-l1-image' })))
  t.true(picturesNeedTexts(settings({ pictureShare: 0.3, pictureObjective: 'fd-image,crd' })))
  t.false(picturesNeedTexts(settings({ pictureObjective: 'crd' })))
  t.notThrows(() => requireTextsUsed({ textLimit: 5 }, [settings({ pictureShare: 0.3, pictureObjective: 'icl' })]))
})

test('refuses what nothing would come of', async (t) => {
  const cases: [object, RegExp][] = [
    [{ pictureBatch: 64 }, /--picture-batch/],
    [{ pictureObjective: 'crd' }, /--picture-objective/],
    [{ pictureVariants: 2 }, /--picture-variants/],
  ]
  for (const [more, where] of cases) await throwsUserError(t, () => checkPictures(settings(more)), { where, expected: '--picture-share above 0' })
  await throwsUserError(t, () => requirePicturesUsed({ pictures: 'icons' }, settings({})), { where: '--pictures', got: 'icons' })
  await throwsUserError(t, () => requirePicturesUsed({}, settings({ pictureShare: 0.3 })), { where: '--picture-share 0.3', expected: '--pictures' })
  const texts = { textLimit: 5 }
  await throwsUserError(t, () => requireTextsUsed(texts, [settings({ pictureShare: 0.3 })]), { where: '--text-limit', got: '5' })
})

test('refuses shares that leave the captions nothing, specialists, and objectives that need captions', async (t) => {
  const where = '--picture-share 0.5'
  await throwsUserError(t, () => checkPictures(settings({ pictureShare: 0.5, textShare: 0.5 })), { where, got: /--text-share 0\.5/ })
  await throwsUserError(t, () => checkPictures(settings({ pictureShare: 0.5, specialists: ['zh=DIR'] })), { where, got: /specialists zh=DIR/ })
  for (const objective of ['task', 'siglip', 'gd', 'afd', 'anchor', 'class-embed', 'hidden-image', 'gates'])
    await throwsUserError(
      t,
      () => checkPictures(settings({ pictureShare: 0.5, pictureObjective: `fd,${objective}` })),
      { where: /objective/, expected: /./ },
      objective,
    )
})

test('with an image tower that is kept, pictures may teach the text tower alone', async (t) => {
  const kept = { student: '32x1', keepImageTower: true, objective: 'task:1,fd-text:4', pictureShare: 0.3 }
  t.notThrows(() => checkStage1(settings({ ...kept, pictureObjective: 'crd,fd-text' })))
  await throwsUserError(t, () => checkStage1(settings(kept)), { where: '--picture-objective fd-image' })
  await throwsUserError(t, () => checkStage1(settings({ ...kept, pictureObjective: 'crd', pictureVariants: 3 })), { where: '--picture-variants' })
})
