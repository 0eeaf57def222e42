import { basename, join, resolve } from 'node:path'
import { closing } from '../base/closing.ts'
import { UserError } from '../base/errors.ts'
import type { BadSample } from '../corpora/bad-row.ts'
import { type OpenCorpus, openCorpus } from '../corpora/open.ts'
import { openPictures, pictureCredits } from '../corpora/open-pictures.ts'
import type { Pictures } from '../corpora/picture-folder.ts'
import { type Prototype, readPrototypes } from '../corpora/prototypes.ts'
import type { Sample } from '../corpora/sample.ts'
import { requireValidation } from '../eval/validation.ts'
import { requireBridgeFolder, writeBridgeFolder } from '../export/bridge-folder.ts'
import { addToCard } from '../export/card-section.ts'
import { type ImageFeatureTower, openImageFeatures, openTextFeatures } from '../models/onnx/feature-tower.ts'
import { recallSection, recallTitle } from '../report/card.ts'
import type { Report } from '../report/schema.ts'
import { inRunFolder, requireNoRun } from '../run/run-folder.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
import { type Classifier, readClassifier } from '../training/bridge/classifier.ts'
import { bridgeSettings } from '../training/bridge/settings.ts'
import { trainHeads } from '../training/bridge/train-heads.ts'
import { validationProtocols } from '../training/bridge/validation.ts'
import { evaluate } from './evaluate.ts'
import { type BridgeCommandSettings, bridgeCommandSettings } from './settings/bridge.ts'
import { evaluateSettings } from './settings/evaluate.ts'

/** What a bridge leaves. */
export interface Bridged {
  exportDir: string
  bytes: { vision_model: number; text_model: number }
  /** λ of the class term. */
  classWeight: number
  /** Of the validation protocols. */
  scores: Record<string, number>
  report?: Report
}

/**
 * Makes a teacher of two frozen towers that never met: trains an image head between them, in a run folder, and writes towers and head as one ONNX folder, with report and
 * card.
 * @throws UserError for towers, data and settings that do not fit, before anything is trained
 */
export async function bridge(asked: BridgeCommandSettings): Promise<Bridged> {
  const imageTower = teacherFolder(asked.imageTower) // a teacher's own towers are what it is made of
  const config = { ...asked, imageTower, textTower: teacherFolder(asked.textTower ?? imageTower) }
  const { corpus, languages, otherLanguages, out, exportDir = join(out, 'export'), cacheDir, resume, force } = config
  const settings = bridgeSettings.parse(config)
  const open = await openCorpus(corpus, { ...config, languages: [...languages, ...otherLanguages] })
  requireValidation(open, languages)
  const protocols = config.validate ?? validationProtocols(open)
  for (const protocol of [...protocols, ...(config.protocol ?? [])]) open.languagesOf(protocol)
  await requireNoRun('--export-dir', exportDir, out)
  await requireBridgeFolder(exportDir, force)
  const { pictures, skipped, prototypes } = await otherInputs(config)
  return await closing(async (closeLater) => {
    const { threads } = settings
    const image = closeLater(await openImage(config), ({ release }) => release())
    const text = closeLater(
      await openTextFeatures(config.textTower, { outputs: config.textOutput ? [config.textOutput] : undefined, dtype: config.textDtype, threads }),
      ({ release }) => release(),
    )
    const { classifier, file } = await classifierOf(config, image, prototypes)
    return await inRunFolder({ command: 'bridge', schema: bridgeCommandSettings, config: asked }, async () => {
      await writeSkipped(out, open.corpus, { skipped })
      const logits = prototypes.length > 0 ? config.classOutput : undefined
      const trained = await trainHeads({
        open,
        languages,
        otherLanguages,
        pictures,
        prototypes,
        classifier,
        image,
        logits,
        text,
        cacheDir,
        settings,
        protocols,
        dir: out,
        resume,
      })
      const { bytes } = await writeBridgeFolder({
        out: exportDir,
        image: { ...image, dir: config.imageTower },
        text: { ...text, dir: config.textTower },
        bridge: trained,
        headDtype: config.headDtype,
        temperature: settings.temperature,
        more: { 'training.jsonl': join(out, 'log.jsonl'), ...(file && { 'classifier.safetensors': file }) },
        force,
        threads,
        card: cardOf(config, open),
      })
      const { classWeight, scores } = trained
      return { exportDir, bytes, classWeight, scores, ...(config.report && { report: await measured(config, exportDir) }) }
    })
  })
}

type TowerSettings = BridgeCommandSettings & { textTower: string }

async function otherInputs({
  pictures,
  imagesDir,
  captionLanguage,
  quoting,
  onBadSample,
  prototypes,
}: BridgeCommandSettings): Promise<{ pictures: Sample[]; skipped?: BadSample[]; prototypes: Prototype[] }> {
  const reading = { imagesDir, captionLanguage, quoting, onBadSample }
  const { samples, skipped }: Omit<Pictures, 'name'> = pictures ? await openPictures(pictures, reading) : { samples: [] }
  return { pictures: samples, skipped, prototypes: prototypes ? await readPrototypes(prototypes) : [] }
}

/** The image tower, with the classifier's logits where there are class names. */
async function openImage({
  imageTower,
  imageOutputs,
  classOutput,
  imageDtype,
  prototypes,
  threads,
}: BridgeCommandSettings): Promise<ImageFeatureTower> {
  const options = { dtype: imageDtype, threads }
  if (!prototypes) return openImageFeatures(imageTower, { ...options, outputs: imageOutputs })
  if (imageOutputs) return openImageFeatures(imageTower, { ...options, outputs: [...imageOutputs, classOutput] })
  const usual = await openImageFeatures(imageTower, options)
  await usual.release()
  return openImageFeatures(imageTower, { ...options, outputs: [...usual.outputs.map(({ name }) => name), classOutput] })
}

/** @throws UserError for class names without a classifier, and for those that have no row in it */
async function classifierOf(
  config: BridgeCommandSettings,
  image: ImageFeatureTower,
  prototypes: Prototype[],
): Promise<{ classifier?: Classifier; file?: string }> {
  if (prototypes.length === 0) return {}
  const file = config.classifier ?? join(config.imageTower, 'classifier.safetensors')
  const [{ name, width }] = image.outputs as [{ name: string; width: number }]
  const classifier = await readClassifier(file, name, width)
  const logits = image.outputs.find((output) => output.name === config.classOutput)!
  const refuse = (where: string, got: number) => {
    const hint = 'Class names, logits and rows must be those of one classifier.'
    throw new UserError({ where, expected: `${classifier.classes} classes, as ${file} has rows`, got: `${got}`, hint })
  }
  if (logits.width !== classifier.classes) refuse(`${image.file}, output ${logits.name}`, logits.width)
  const most = Math.max(...prototypes.map(({ index }) => index))
  if (most >= classifier.classes) refuse(`--prototypes ${config.prototypes}`, most + 1)
  return { classifier, file }
}

function cardOf({ imageTower, textTower, languages, otherLanguages, pictures }: TowerSettings, { corpus, domain }: OpenCorpus) {
  const folder = (dir: string) => basename(resolve(dir))
  return {
    languages: [...languages, ...otherLanguages],
    towers: { image: folder(imageTower), text: folder(textTower) },
    data: [{ corpus: corpus.name, licence: corpus.licence }, ...pictureCredits(pictures)],
    limits: [domain],
  }
}

/** Measures the teacher as evaluate does, and puts the tables into its card. */
async function measured(config: BridgeCommandSettings, exportDir: string): Promise<Report> {
  const { corpus, imagesDir, captionLanguage, quoting, onBadSample, languages, protocol, out, cacheDir, seed, threads } = config
  const settings = evaluateSettings.parse({
    model: exportDir,
    corpus,
    imagesDir,
    captionLanguage,
    quoting,
    onBadSample,
    languages,
    protocol,
    out,
    cacheDir,
    seed,
    threads,
  })
  const { report } = await evaluate(settings)
  await addToCard(exportDir, recallTitle, recallSection(report))
  return report
}
