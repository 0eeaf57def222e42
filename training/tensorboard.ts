import { type LogMirror, openEventFile } from '../engine/events/event-file.ts'

const progress = ['learningRate', 'gradientNorm', 'stepsPerSecond', 'waitingShare']

/** A run's numbers for TensorBoard: `tensorboard --logdir runs`. Opened by the training loop, which knows the step it begins at. */
export function tensorboard(dir: string): (start: number) => Promise<LogMirror> {
  return (start) => openEventFile(dir, start, tagOf)
}

/** Groups as the page shows them: parts of the loss, validation per language, and how training runs. */
function tagOf(name: string): string {
  if (progress.includes(name) || name.startsWith('channels_')) return `training/${name}`
  if (name === 'language_gap') return 'validation/language_gap'
  const [, measured] = /^validation_(.*)$/.exec(name) ?? []
  return measured ? `validation/${measured.replace('@', '_at_')}` : `loss/${name}`
}
