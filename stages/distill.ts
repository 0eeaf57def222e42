import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { checksumsFile } from '../base/checksums.ts'
import { closing } from '../base/closing.ts'
import { UserError } from '../base/errors.ts'
import { defaultCorpus } from '../corpora/emoji/embedded.ts'
import { type OpenCorpus, openCorpus, pictureSize } from '../corpora/open.ts'
import { openPictures } from '../corpora/open-pictures.ts'
import { type Pictures, pictureFolder } from '../corpora/picture-folder.ts'
import type { Corpus } from '../corpora/sample.ts'
import { requireDevice } from '../engine/compile.ts'
import { headlineOf } from '../eval/headline.ts'
import { requireValidation } from '../eval/validation.ts'
import { addToCard } from '../export/card-section.ts'
import { parseDtypes, requireKeptDtypes } from '../export/dtypes.ts'
import type { ExportedFiles } from '../export/exported-files.ts'
import { parseMaxDrop } from '../export/gate.ts'
import { exportFolder } from '../export/package.ts'
import { frameOf } from '../models/dual-encoder.ts'
import type { Encoder } from '../models/encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { findKeptImage, type KeptImageTower } from '../models/kept-image.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { verifyModelFolder } from '../models/verify.ts'
import { recallSection, recallTitle } from '../report/card.ts'
import { writeReport } from '../report/json.ts'
import { evaluateModels } from '../report/measure/evaluate.ts'
import { folderEntry, type ModelEntry, onnxEntry } from '../report/measure/model-entry.ts'
import { provenance } from '../report/provenance.ts'
import type { Report } from '../report/schema.ts'
import { cardData } from '../run/card-data.ts'
import { commandLine } from '../run/command-line.ts'
import { decodeProtocols, thresholdTasks, validationTasks } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
import { trainingLogs } from '../run/training-logs.ts'
import { checkMicroBatch } from '../training/check-micro-batch.ts'
import { requirePicturesUsed } from '../training/check-pictures.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import { checkTexts, requireTextsUsed } from '../training/check-texts.ts'
import { studentImageSize } from '../training/start-source.ts'
import { checkBeginning } from './begin-student.ts'
import { calibrationSet } from './calibration.ts'
import { captionPictures } from './caption-pictures.ts'
import { checkUncaptioned } from './picture-source.ts'
import { trainScratch } from './scratch.ts'
import { type DistillSettings, distillSettings } from './settings/distill.ts'
import { runStage1 } from './stage1.ts'
import { runStage2, stage2Weights } from './stage2.ts'
import { teacherAgreement } from './teacher-agreement.ts'

/** The report of an evaluation and the files that it was written to. */
export interface Evaluated {
  report: Report
  files: string[]
}

/**
 * The main job: teacher features → stage 1 → stage 2 → ONNX export → evaluation per language, all in one run folder.
 * @throws UserError for settings and data that do not fit, before anything is trained, and where the export loses too much (exit code 3)
 */
export async function distill(config: DistillSettings): Promise<Evaluated & Pick<ExportedFiles, 'thresholds'>> {
  const { languages, out, cacheDir, dtype } = config
  const dtypes = parseDtypes(dtype)
  parseMaxDrop(config.maxDrop ?? [], dtypes)
  requireDevice(config.stage2)
  checkStage1(config.stage1, config.teacherScale)
  checkMicroBatch(config.stage2, stage2Weights)
  checkTexts(config.stage2)
  requireTextsUsed(config, [config.stage1, config.stage2])
  requirePicturesUsed(config, config.stage1)
  if (config.stage1.keepImageTower) checkKeptExport(config, dtypes)
  requireOneCorpus(config)
  const uncaptioned = config.images === undefined ? undefined : await pictureFolder(config.images, config.onBadSample)
  if (uncaptioned) checkUncaptioned(uncaptioned, config.stage1)
  const captioned = uncaptioned ? undefined : await openCaptioned(config)
  const pictures = config.pictures ? await openPictures(config.pictures, { onBadSample: config.onBadSample }) : undefined
  return await closing(async (closeLater) => {
    const { stage1, teacherScale } = config
    const folder = teacherFolder(config.teacher)
    const teacher = closeLater(
      await openOnnxFolder(folder, { threads: stage1.threads, device: stage1.device, logitScale: teacherScale }),
      ({ release }) => release(),
    )
    const keptImage = stage1.keepImageTower ? await findKeptImage(folder) : undefined
    const usualSize = captioned?.imageSize ?? pictureSize
    const isDistilled = config.resume && finished(join(out, 'stage1')) // other teachers may be gone
    const imageSize = isDistilled
      ? await studentImageSize(stage1, usualSize, teacher.imageSize)
      : await checkBeginning(stage1, { teacher, languages, usualSize, keptImage })
    return await inRunFolder({ command: 'distill', schema: distillSettings, config }, async () => {
      const open =
        captioned ??
        (await captionPictures({ ...config, folder: config.images!, pictures: uncaptioned!, teacher, pool: config, threads: stage1.threads }))
      await writeSkipped(out, uncaptioned ?? open.corpus, pictures)
      const learnt = uncaptioned && (await withoutHeldOut(uncaptioned, open.corpus))
      await decodeProtocols({ open, languages }, protocolsOf(config, open), [{ ...teacher, imageSize }, teacher], cacheDir)
      await decodeProtocols({ open, languages }, open.thresholdProtocols, [{ ...teacher, imageSize }], cacheDir)
      await trainStages(config, { open, teacher, keptImage, pictures, uncaptioned: learnt })
      const { thresholds } = await exportStudent(config, open)
      return { ...(await report(config, open, thresholds)), thresholds }
    })
  })
}

function requireOneCorpus({ images, corpus }: DistillSettings): void {
  if (images === undefined || corpus === defaultCorpus) return
  const hint = 'Leave one of the two out; --pictures takes pictures without captions beside a corpus.'
  throw new UserError({ where: `--images ${images}`, expected: 'no other corpus beside it', got: `--corpus ${corpus}`, hint })
}

/** @throws UserError for a corpus without captions in these languages to validate on, and for protocols that it does not have */
async function openCaptioned(config: DistillSettings): Promise<OpenCorpus> {
  const open = await openCorpus(config.corpus, config)
  requireValidation(open, config.languages)
  for (const protocol of config.protocol ?? []) open.languagesOf(protocol)
  return open
}

/** The pictures that nothing is measured on. */
async function withoutHeldOut({ name, samples }: Pictures, corpus: Corpus): Promise<Pictures> {
  const heldOut = new Set<string>()
  for (const split of corpus.splits.filter((one) => one !== 'train')) for await (const { id } of corpus.samples(split)) heldOut.add(id)
  return { name, samples: samples.filter(({ id }) => !heldOut.has(id)) }
}

async function exportStudent(config: DistillSettings, open: OpenCorpus): Promise<ExportedFiles> {
  const { out, languages, cacheDir } = config
  const dtypes = parseDtypes(config.dtype)
  const student = join(out, 'stage2', 'student')
  const data = { open, languages }
  await verifyModelFolder(student)
  const model = await readModelFolder(student)
  const frame = frameOf(model)
  const tasks = await validationTasks(data, frame, cacheDir)
  return await exportFolder(model, {
    tokenizerDir: student,
    out: join(out, 'export'),
    dtypes,
    gate: { tasks, maxDrop: parseMaxDrop(config.maxDrop ?? [], dtypes) },
    thresholdTasks: await thresholdTasks(data, frame, cacheDir, tasks),
    keepFp32: 'auto', // layers that would cost a language more stay in fp32
    calibration: await calibrationSet(data, model, dtypes),
    card: cardData(data, config),
    force: true,
  })
}

/** @throws UserError for what a student that keeps its teacher's image tower cannot have: before it is trained */
function checkKeptExport({ baseline, stage2 }: DistillSettings, dtypes: ModelDtype[]): void {
  requireKeptDtypes(dtypes)
  if (baseline) {
    const hint = 'Leave one of the two out.'
    throw new UserError({
      where: '--baseline',
      expected: 'a student with towers of its own: its twin has no teacher',
      got: '--keep-image-tower',
      hint,
    })
  }
  if (stage2.keepPatches < 1) {
    const hint = 'Leave it out: no picture is decoded for training.'
    throw new UserError({ where: '--stage2.keep-patches', expected: 'none with --keep-image-tower', got: `${stage2.keepPatches}`, hint })
  }
}

async function trainStages(
  config: DistillSettings,
  { open, teacher, ...inputs }: { open: OpenCorpus; teacher: Encoder; keptImage?: KeptImageTower; pictures?: Pictures; uncaptioned?: Pictures },
) {
  const { out, languages, cacheDir, resume, baseline, stage1, stage2, texts, textLimit } = config
  const pool = { texts, textLimit }
  const [first, second] = [join(out, 'stage1'), join(out, 'stage2')]
  const common = { open, languages, cacheDir, resume }
  // A finished stage has its model folder: a resumed run goes past it.
  if (!finished(first)) await runStage1({ ...common, ...inputs, teacher, pool, settings: stage1, followedBy: stage2, dir: first })
  await teacher.release()
  const studentDir = join(first, 'student')
  await verifyModelFolder(studentDir)
  if (!finished(second)) {
    const kept = { pool, teacher: teacherFolder(config.teacher), logitScale: config.teacherScale }
    await runStage2({ ...common, kept, model: await readModelFolder(studentDir), tokenizerDir: studentDir, settings: stage2, dir: second })
  }
  if (baseline) await trainScratch({ ...common, studentDir, stage1, stage2, dir: join(out, 'scratch') })
}

function finished(dir: string): boolean {
  return existsSync(join(dir, 'student', checksumsFile))
}

/** Measures teacher, student after each stage, and scratch where trained; writes the report. */
async function report(config: DistillSettings, open: OpenCorpus, thresholds: ExportedFiles['thresholds']): Promise<Evaluated> {
  const { out, languages, cacheDir } = config
  const { init, student, seed, threads, device } = config.stage1
  const options = { threads, name: init ? basename(resolve(init)) : student }
  const models: ModelEntry[] = []
  try {
    models.push(await onnxEntry('teacher', teacherFolder(config.teacher), { threads }))
    models.push(await folderEntry('student', join(out, 'stage2', 'student'), options))
    for (const model of await exported(config)) models.push(model)
    models.push(await folderEntry('student-stage1', join(out, 'stage1', 'student'), options))
    if (config.baseline) models.push(await folderEntry('scratch', join(out, 'scratch', 'student'), options))
    const protocols = protocolsOf(config, open)
    const { report: measured, ranks, material } = await evaluateModels(models, { open, protocols, languages, cacheDir, seed })
    const agreement = config.images && (await teacherAgreement(models, { open, languages, files: config.texts, cacheDir, thresholds }))
    const report = {
      schema: 1 as const,
      ...measured,
      ...(agreement && { teacherAgreement: agreement }),
      provenance: provenance({ config, seed, device }),
      commands: [commandLine('distill', distillSettings, config)],
    }
    const training = await trainingLogs(out)
    const files = await writeReport(out, report, {
      ranks,
      also: config.also,
      material: { ...material, title: `Distillation of ${options.name}`, training },
    })
    await addToCard(join(out, 'export'), recallTitle, recallSection(report))
    return { report, files }
  } finally {
    for (const { encoder } of models) await encoder.release()
  }
}

function protocolsOf({ protocol, quick }: DistillSettings, { mainProtocols, headlineProtocols }: OpenCorpus): string[] {
  return protocol ?? (quick ? [headlineOf(mainProtocols, headlineProtocols)!] : mainProtocols)
}

/** The student's smaller formats. q8 is what ships to browsers and stands in every table, the others only where the report looks closely. */
async function exported({ out, dtype: dtypes, stage1 }: DistillSettings): Promise<ModelEntry[]> {
  const models: ModelEntry[] = []
  for (const dtype of parseDtypes(dtypes)) {
    if (dtype === 'fp32') continue // the training graph, with which the file was found to agree
    const model = await onnxEntry('student', join(out, 'export'), { threads: stage1.threads, dtype })
    models.push(dtype === 'q8' ? model : { ...model, headlineOnly: true })
  }
  return models
}
