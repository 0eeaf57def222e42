import { openCorpus, pictureSize } from '../corpora/open.ts'
import { openPictures } from '../corpora/open-pictures.ts'
import { openTexts } from '../corpora/open-texts.ts'
import { requireValidation } from '../eval/validation.ts'
import { findKeptImage } from '../models/kept-image.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { decodeProtocols } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
import { requirePicturesUsed } from '../training/check-pictures.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import { requireTextsUsed } from '../training/check-texts.ts'
import { checkBeginning } from './begin-student.ts'
import { type Stage1CommandSettings, stage1CommandSettings } from './settings/stage1.ts'
import { runStage1 } from './stage1.ts'
import { checkTextStage, runTextStage } from './text-stage.ts'

/**
 * Stage 1 in a run folder of its own, on images and texts, or on texts alone where the corpus has no images.
 * @returns whether it had texts alone
 * @throws UserError for settings and data that do not fit, before anything is trained
 */
export async function distillFeatures(config: Stage1CommandSettings): Promise<{ textsAlone: boolean }> {
  const {
    corpus,
    imagesDir,
    captionLanguage,
    quoting,
    onBadSample,
    languages,
    teacher: teacherDir,
    teacherScale,
    out,
    cacheDir,
    resume,
    force: _,
    texts: files,
    pictures: pictureName,
    textLimit,
    ...settings
  } = config
  const pool = { texts: files, textLimit }
  checkStage1(settings, teacherScale)
  requireTextsUsed(pool, [settings])
  requirePicturesUsed({ pictures: pictureName }, settings)
  const texts = await openTexts(corpus, { languages, quoting, onBadSample })
  if (texts) checkTextStage(settings)
  const open = texts
    ? texts.pictures === undefined
      ? undefined
      : await openCorpus(texts.pictures, { languages })
    : await openCorpus(corpus, { languages, imagesDir, captionLanguage, quoting, onBadSample })
  if (open && !texts) requireValidation(open, languages)
  const pictures = pictureName ? await openPictures(pictureName, { onBadSample }) : undefined
  const teacher = await openOnnxFolder(teacherFolder(teacherDir), { threads: settings.threads, device: settings.device, logitScale: teacherScale })
  try {
    const keptImage = settings.keepImageTower ? await findKeptImage(teacherFolder(teacherDir)) : undefined
    const usualSize = open?.imageSize ?? pictureSize
    const imageSize = await checkBeginning(settings, { teacher, languages, usualSize, keptImage })
    await inRunFolder({ command: 'stage1', schema: stage1CommandSettings, config }, async () => {
      await writeSkipped(out, texts ?? open?.corpus, pictures)
      const run = { languages, teacher, keptImage, settings, pool, dir: out, cacheDir, resume }
      if (texts) await runTextStage({ ...run, texts, open })
      else {
        await decodeProtocols({ open: open!, languages }, [], [{ ...teacher, imageSize }], cacheDir)
        await runStage1({ ...run, pictures, open: open! })
      }
    })
  } finally {
    await teacher.release()
  }
  return { textsAlone: texts !== undefined }
}
