import { z } from 'zod'
import { defaultCorpus } from '../../corpora/emoji/embedded.ts'
import { headDtypes } from '../../export/head-dtypes.ts'
import { shippedTeacher } from '../../run/shipped-teacher.ts'
import { bridgeSettings } from '../../training/bridge/settings.ts'
import { runSettings } from '../../training/run-settings.ts'
import { corpusSettings, dtypeSetting, languageList } from './shared.ts'

/**
 * What suits drawings with a few texts each: the first is the name, and the texts of other things shall stay where they are. The defaults suit photographs with captions,
 * of which none is above the others and which are soon known by heart (docs/photographs.md).
 */
const emojiHeads = { firstWeight: 6, textHidden: 0, steps: 1200, validateEvery: 300, weightDecay: 0.02, dropout: 0.1, hiddenDropout: 0.2 }

export const bridgeCommandSettings = z.object({
  imageTower: z
    .string()
    .default(shippedTeacher)
    .meta({ description: 'ONNX folder of an image encoder, with its preprocessor', group: 'Input', usual: true, path: 'one' }),
  textTower: z
    .string()
    .optional()
    .meta({ description: 'ONNX folder of a text encoder, with its tokenizer (default: --image-tower)', group: 'Input', usual: true, path: 'one' }),
  ...corpusSettings,
  corpus: corpusSettings.corpus.meta({ ...corpusSettings.corpus.meta(), presets: { [defaultCorpus]: emojiHeads } }),
  otherLanguages: languageList.default([]).meta({ description: 'languages whose first captions are learnt too, less often', group: 'Input' }),
  pictures: z.string().optional().meta({
    description: 'further captioned pictures: icons (of open sets), or a .csv, .tsv or .jsonl file',
    group: 'Input',
    usual: true,
    path: 'one',
  }),
  prototypes: z
    .string()
    .optional()
    .meta({ description: "names of a classifier's classes: a TSV with index and a column a language", group: 'Input', usual: true, path: 'one' }),
  classifier: z
    .string()
    .optional()
    .meta({ description: "the classifier's last layer (default: classifier.safetensors of --image-tower)", group: 'Input', path: 'one' }),
  imageOutputs: z.array(z.string()).optional().meta({
    description:
      'outputs of the image tower that are features, the one that the classifier reads first (default: features and middle, else what a tower usually has)',
    group: 'Input',
  }),
  classOutput: z.string().default('logits').meta({ description: "output of the image tower that is the classifier's logits", group: 'Input' }),
  textOutput: z
    .string()
    .optional()
    .meta({ description: 'output of the text tower (default: features, else what a tower usually has)', group: 'Input' }),
  imageDtype: dtypeSetting
    .optional()
    .meta({ description: 'files of --image-tower, to learn from and to ship (default: the most precise there are)', group: 'Input' }),
  textDtype: dtypeSetting.optional().meta({ description: 'the same of --text-tower', group: 'Input' }),
  validate: z
    .array(z.string())
    .optional()
    .meta({ description: 'protocols to watch and choose on (default: those called validation)', group: 'Evaluation' }),
  protocol: z.array(z.string()).optional().meta({
    description: 'protocols of the report (default: for emoji all, for a file its splits but train)',
    group: 'Evaluation',
    decides: 'results',
  }),
  report: z
    .boolean()
    .default(true)
    .meta({ description: 'measure the teacher at the end and write the report', group: 'Evaluation', decides: 'results' }),
  headDtype: z.enum(headDtypes).default('int8').meta({ description: "number format of the head's matrices", group: 'Export', decides: 'results' }),
  ...bridgeSettings.shape,
  ...runSettings.shape,
  out: runSettings.shape.out.default('runs/bridge'),
  exportDir: z
    .string()
    .optional()
    .meta({ description: 'where the teacher goes (default: OUT/export)', group: 'Output', usual: true, decides: 'results' }),
})

export type BridgeCommandSettings = z.output<typeof bridgeCommandSettings>
