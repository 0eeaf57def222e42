import { createHash } from 'node:crypto'
import { closing } from '../../base/closing.ts'
import { flatten } from '../../base/flatten.ts'
import { decisive } from '../../base/setting.ts'
import { notice } from '../../base/watch.ts'
import type { Identity } from '../../engine/checkpoint.ts'
import { compile } from '../../engine/compile.ts'
import { warmupCosine } from '../../engine/optim/schedule.ts'
import { countParams, initialize, type Params } from '../../engine/params.ts'
import { train } from '../../engine/train.ts'
import { averagesOf, withAverage } from './average.ts'
import { bridgeBatches } from './batches.ts'
import { chooseClassWeight } from './class-weight.ts'
import { openHead } from './embedding.ts'
import { type HeadShape, headSpecs, imageHeadParams, textHeadParams } from './heads.ts'
import { type BridgeData, type Prepared, prepareBridge } from './prepare.ts'
import { type BridgeSettings, bridgeSettings } from './settings.ts'
import { bridgeStep } from './step.ts'
import { openTextHead } from './text-embedding.ts'
import { validationSet } from './validation.ts'

export interface BridgeRun extends BridgeData {
  /** Protocols that recall is measured on. */
  protocols: string[]
  /** Run folder: gets log.jsonl and checkpoints/. */
  dir: string
  resume?: boolean
}

/** Heads that were trained, and all that graphs with them need. */
export interface Bridge extends Pick<Prepared, 'inputs' | 'centre' | 'material' | 'gains'> {
  /** Weights of the heads, what features are standardised by, and where it helps the class term's. */
  params: Params
  /** λ of the class term; 0: there is none. */
  classWeight: number
  /** Of the validation protocols, at the end. */
  scores: Record<string, number>
}

/**
 * Trains heads between two frozen towers, watched on the validation protocols, and chooses the weight of the class term on them.
 * @throws UserError before anything is trained, as prepareBridge does
 */
export function trainHeads(run: BridgeRun): Promise<Bridge> {
  return closing(async (closeLater) => {
    const { settings, dir, resume } = run
    const { threads } = settings
    const prepared = await prepareBridge(run)
    const { source, inputs, constants, classTerm, centre, material, gains } = prepared
    const validate = await validationSet(run, run, centre)
    const shape: HeadShape = { ...settings, features: source.width, embedDim: source.embedDim }
    const heads = initialize(headSpecs(shape), settings.seed)
    const average = withAverage(heads)
    const step = closeLater(await compile(bridgeStep(shape, settings).fn, bridgeStep(shape, settings).specs, { threads }), (step) => step.release())
    const head = closeLater(await openHead({ ...inputs, logits: undefined }, { ...constants, ...heads }, { threads }), (head) => head.release())
    const words = closeLater(await openTextHead(source.embedDim, heads, { threads }), (words) => words.release())
    announce(run, prepared, heads)
    const batches = bridgeBatches(source, { ...settings, shares: sharesOf(settings) })
    await train({
      label: 'bridge',
      params: average.all,
      trained: Object.keys(heads),
      steps: settings.steps,
      batch: async (number) => ({ run: (params) => step.run({ ...params, ...batches(number) }) }),
      schedule: warmupCosine(settings.learningRate, settings.warmup, settings.steps),
      optimizer: { weightDecay: settings.weightDecay },
      clipNorm: settings.clipNorm,
      dir,
      resume,
      identity: identityOf(run, prepared),
      logEvery: settings.logEvery,
      checkpointEvery: settings.checkpointEvery,
      constraint: { beforeUpdate: () => {}, afterUpdate: async (number) => average.update(number) },
      evaluate: {
        every: settings.validateEvery,
        run: async () => {
          const present = { ...constants, ...averagesOf(average.all) }
          return validate.measure(await head.embed(validate.pictures, present), await words.embed(validate.texts, present))
        },
      },
    })
    const trained = averagesOf(average.all)
    const params = { ...constants, ...trained, ...classTerm(await words.embed(source.texts, trained)) }
    const texts = await words.embed(validate.texts, trained)
    return { inputs, centre, material, gains, ...(await chooseClassWeight(inputs, params, validate, texts, settings)) }
  })
}

function sharesOf({ picturesShare, classesShare }: BridgeSettings) {
  return { corpus: Math.max(0, 1 - picturesShare - classesShare), pictures: picturesShare, classes: classesShare }
}

/** What a resumed run is compared with. */
function identityOf({ image, text, open, settings, protocols: _, logits }: BridgeRun, { material, source, inputs }: Prepared): Identity {
  const hash = createHash('sha256').update(
    JSON.stringify([material.texts, material.concepts, material.pictures.map(({ key, fingerprint }) => [key, fingerprint])]),
  )
  return {
    corpus: open.corpus.name,
    'image tower': image.id,
    'text tower': text.id,
    outputs: [...inputs.features.map(({ name }) => name), logits ?? ''].join(),
    pictures: material.pictures.length,
    texts: material.texts.length,
    pseudo: source.pseudo?.anchors ?? 0,
    'hash of pictures, texts and concepts': hash.digest('hex').slice(0, 12),
    ...flatten('', decisive(bridgeSettings, settings)),
  } as Identity
}

/** Says what is about to be trained, on what; plain lines on stderr. */
function announce({ settings, open }: BridgeRun, { material, gains }: Prepared, heads: Params): void {
  const of = (group: string) => material.concepts.filter((concept) => concept.group === group && concept.texts.length > 0).length
  const unknown = Object.entries(material.counts).map(
    ([language, { texts, unknown }]) => `${language} ${texts}${unknown > 0 ? ` (${unknown} with unknown characters, dropped)` : ''}`,
  )
  const near = Object.entries(gains).map(([language, gain]) => `${language} ${gain.toFixed(2)}`)
  const lines = [
    `bridge: image head of ${millions(imageHeadParams(heads))} M parameters on ${settings.hidden > 0 ? `an MLP of ${settings.hidden} beside a` : 'a'} linear map${settings.textHidden > 0 ? `; text head of ${millions(textHeadParams(heads))} M, an MLP of ${settings.textHidden} beside the texts themselves` : ''}`,
    `  data: ${material.pictures.length} pictures; concepts: ${of('corpus')} of ${open.corpus.name}, ${of('pictures')} of further pictures, ${of('classes')} classes`,
    `  texts: ${unknown.join(', ')}${near.length > 0 ? `; translations nearer than others by a cosine of ${near.join(', ')}` : ''}`,
    `  ${settings.steps} steps of ${settings.batchSize} pairs, seed ${settings.seed}`,
  ]
  notice(lines.join('\n'))
}

const millions = (params: Params) => (countParams(params) / 1e6).toFixed(2)
