import type { CommandTable } from './command.ts'

/** Every command by name. What it is stands here, so that the list of commands loads none; its file holds its flags, and loads what does the work when it runs. */
export const commands: CommandTable = {
  distill: {
    description: 'The main job: teacher features → stage 1 → stage 2 → evaluation per language → ONNX export → report.',
    load: async () => (await import('./distill.ts')).distill,
  },
  features: {
    description: "Compute a teacher's features of a corpus, for stage 1 to find in the cache.",
    load: async () => (await import('./features.ts')).features,
  },
  worker: {
    description: 'Compute shards of the features that others plan with features --queue, on any number of machines.',
    load: async () => (await import('./worker.ts')).worker,
  },
  stage1: {
    description: "Stage 1: distil a teacher's image and text features into a student.",
    load: async () => (await import('./stage1.ts')).stage1,
  },
  stage2: {
    description: 'Stage 2: align images and texts contrastively on a small clean pair set, all languages at every step.',
    load: async () => (await import('./stage2.ts')).stage2,
  },
  'add-language': {
    description: 'Teach a model a further language by texts alone: no images, no teacher; its image tower and its other languages stay.',
    load: async () => (await import('./add-language.ts')).addLanguageCommand,
  },
  evaluate: {
    description: 'Measure recall, zero-shot classification and agreement per language; write report.json, report.md and report.html.',
    load: async () => (await import('./evaluate.ts')).evaluate,
  },
  check: {
    description: 'Read all of a corpus and tell what is wrong with it, each finding with place, cause and fix. Exit code 1 if there are faults.',
    load: async () => (await import('./check.ts')).check,
  },
  convert: {
    description:
      'Write a corpus in another format: CSV, TSV, JSONL, WebDataset, parquet, imagefolder, Chinese-CLIP, COCO, lists or tables of open_clip.',
    load: async () => (await import('./convert.ts')).convert,
  },
  compare: {
    description: 'Put evaluated runs side by side, with the significance of their differences on the same queries.',
    load: async () => (await import('./compare.ts')).compare,
  },
  export: {
    description: 'Write a trained model as an ONNX folder for transformers.js, checked against the training graph and by recall per language.',
    load: async () => (await import('./export.ts')).exportModel,
  },
  teacher: {
    description: 'Train a teacher from random weights on the corpus and write it as an fp16 ONNX folder.',
    load: async () => (await import('./teacher.ts')).teacher,
  },
  inspect: {
    description:
      'Tell what a folder would be as a teacher: inputs, outputs, preprocessing, languages, speed, ten pairs. Exit code 2 with the reason if none.',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  bridge: {
    description: 'Make a teacher of two pretrained towers that never met: train a head between them, both towers frozen.',
    load: async () => (await import('./bridge.ts')).bridge,
  },
  search: {
    description: 'Find the images of a folder, or of an index of one, that fit a text best.',
    load: async () => (await import('./search.ts')).search,
  },
  index: {
    description: 'Index a folder of images for search; once more, and only what changed is embedded.',
    load: async () => (await import('./index.ts')).indexImages,
  },
  watch: {
    description: 'Follow a run in the browser while it trains: loss, recall per language, learning rate, speed, time left.',
    load: async () => (await import('./watch.ts')).watch,
  },
  demo: {
    description: 'Build a page that searches pictures in the browser, and serve it on this computer.',
    load: async () => (await import('./demo.ts')).demo,
  },
  edge: {
    description: 'Measure an exported model on this machine: size, latency, memory and recall of every format, the teacher beside it.',
    load: async () => (await import('./edge.ts')).edge,
  },
  completion: {
    description: 'Print a script that has a shell complete commands, flags and their choices.',
    load: async () => (await import('./completion.ts')).completion,
  },
  parity: {
    description: 'Compare embeddings of the same files and texts: as in training, in Node, and in the browser.',
    load: async () => (await import('./parity.ts')).parity,
  },
}
