import type { OpenCorpus } from '../../corpora/open.ts'
import type { Prototype } from '../../corpora/prototypes.ts'
import type { Language, Sample } from '../../corpora/sample.ts'
import type { Params } from '../../engine/params.ts'
import type { ImageFeatureTower, TextFeatureTower } from '../../models/onnx/feature-tower.ts'
import { unknownIds } from '../../tokenizers/unknown.ts'
import type { BatchSource } from './batches.ts'
import type { Classifier } from './classifier.ts'
import type { HeadInputs } from './embedding.ts'
import { requireSpelling, requireTranslations } from './languages.ts'
import { type Material, materialBuilder, requirePairs } from './material.ts'
import { joined, type PseudoPhotographs, pseudoPhotographs, standard } from './rows.ts'
import type { BridgeSettings } from './settings.ts'
import { type FeatureRows, pictureFeatures, wordFeatures } from './tower-features.ts'
import { centredUnit, classVectors, conceptTexts, meanClassTerm, meanRow } from './vectors.ts'

/** What heads are made of. */
export interface BridgeData {
  open: OpenCorpus
  languages: Language[]
  otherLanguages: Language[]
  /** Further captioned pictures. */
  pictures: Sample[]
  /** Class names, and the last layer of the classifier that they belong to. */
  prototypes: Prototype[]
  classifier?: Classifier
  image: ImageFeatureTower
  /** The output of the image tower that is the classifier's logits; the others are features. */
  logits?: string
  text: TextFeatureTower
  cacheDir: string
  settings: BridgeSettings
}

/** Frozen features of all that is learnt, ready for batches. */
export interface Prepared {
  material: Material
  source: BatchSource
  inputs: HeadInputs
  /** What the image graph holds beside the head's weights: mean and scale of features. */
  constants: Params
  /** What the class term adds to it, of the embeddings of all texts [texts, E]: vectors and mean of classes; nothing where there are no classes. */
  classTerm(texts: Float32Array): Params
  /** Mean of the corpus' texts [E]. */
  centre: Float32Array
  /** How much nearer than chance the translations of each language are. */
  gains: Record<Language, number>
}

/**
 * Reads the corpus, the towers' features of it and the pseudo-photographs of classes.
 * @throws UserError for a corpus without pairs and for languages that the text encoder does not know
 */
export async function prepareBridge(data: BridgeData): Promise<Prepared> {
  const { image, text, cacheDir, settings } = data
  const material = await collect(data)
  const [words] = await wordFeatures(text, material.texts, cacheDir)
  const embedDim = words!.width
  const ofCorpus = material.concepts.filter(({ group }) => group === 'corpus')
  const centre = meanRow(words!.data, embedDim, new Set(ofCorpus.flatMap(({ texts }) => texts)))
  const texts = centredUnit(words!.data, embedDim, centre)
  const gains = requireTranslations(material, texts, embedDim)

  const outputs = await pictureFeatures(image, material.pictures, cacheDir)
  const parts = outputs.filter(({ name }) => name !== data.logits)
  const logits = outputs.find(({ name }) => name === data.logits)
  const rows = ofCorpus.flatMap(({ pictures }) => pictures)
  const { data: features, width } = joined(parts)
  const { mean, scale } = standard(features, width, rows)
  const pseudo = await pseudoOf(data, parts, rows)
  if (pseudo) standIn(material, pseudo, data.classifier!.classes, features.length / width)
  const vector = (row: Float32Array) => ({ shape: [row.length], data: row })
  return {
    material,
    source: {
      concepts: material.concepts,
      features,
      width,
      pseudo,
      mean,
      scale,
      texts,
      conceptTexts: conceptTexts(material.concepts, texts, embedDim),
      embedDim,
    },
    inputs: {
      features: parts.map(sizeOf),
      ...(logits && data.prototypes.length > 0 && { logits: sizeOf(logits) }),
      temperature: settings.classTemperature,
    },
    constants: {
      'head.mean': vector(mean),
      'head.scale': vector(scale),
    },
    classTerm: (embeds) => (logits && data.prototypes.length > 0 ? termConstants(logits, rows, material, embeds, embedDim, settings) : {}),
    centre,
    gains,
  }
}

async function collect({ open, pictures, prototypes, text, languages, otherLanguages, settings }: BridgeData): Promise<Material> {
  const { tokenizer } = text
  const unknown = unknownIds(tokenizer)
  const builder = materialBuilder({
    ...settings,
    languages,
    otherLanguages,
    isKnown: (words) => !tokenizer.encode(words).some((id) => unknown.has(id)),
  })
  for await (const sample of open.corpus.samples('train')) builder.add(sample, 'corpus')
  for (const sample of pictures) builder.add(sample, 'pictures')
  builder.addClasses(prototypes)
  const material = builder.finish()
  requireSpelling(material)
  requirePairs(open.corpus.name, material, languages)
  return material
}

async function pseudoOf({ classifier, settings }: BridgeData, parts: FeatureRows[], rows: number[]): Promise<PseudoPhotographs | undefined> {
  const { ridge, logitRise: rise, threads } = settings
  return classifier && (await pseudoPhotographs({ classifier, parts, rows, ridge, rise }, { threads }))
}

/** Gives concepts of classes the rows that stand for pictures of them. */
function standIn({ classes, concepts }: Material, { anchors }: PseudoPhotographs, count: number, from: number): void {
  for (const [index, concept] of classes) concepts[concept]!.pictures = Array.from({ length: anchors }, (_, a) => from + a * count + index)
}

function termConstants(
  logits: FeatureRows,
  rows: number[],
  { classes, concepts }: Material,
  texts: Float32Array,
  width: number,
  settings: BridgeSettings,
): Params {
  const count = logits.width
  const names = new Map([...classes].map(([index, concept]) => [index, concepts[concept]!.texts]))
  const vectors = classVectors(names, count, texts, width)
  const seen = new Float32Array(rows.length * count)
  rows.forEach((row, i) => seen.set(logits.data.subarray(row * count, (row + 1) * count), i * count))
  const mean = meanClassTerm(seen, vectors, count, settings.classTemperature)
  return { 'class.vectors': { shape: [count, width], data: vectors }, 'class.mean': { shape: [width], data: mean } }
}

const sizeOf = ({ name, width }: FeatureRows) => ({ name, width })
