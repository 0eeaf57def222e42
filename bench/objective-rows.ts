import { innerTowers } from '../training/objectives/inner-layers.ts'
import { parseObjectives } from '../training/objectives/table.ts'

/** A row of the comparison: its name, and its settings of stage 1. */
export interface ObjectiveRow {
  name: string
  objective: string
  /** Whole images, where an objective compares what the teacher sees of them. */
  keepPatches?: 1
}

/** First weights, docs/objectives.md. They are not tuned per row: another weight, `task:2+fd`, is a row of its own. */
const weights: Record<string, number> = {
  task: 1,
  siglip: 1,
  fd: 4,
  'smooth-l1': 0.5,
  mfd: 4,
  crd: 1,
  icl: 1,
  gd: 0.01,
  afd: 1,
  'class-embed': 0.5,
  hidden: 1,
  attention: 1,
  anchor: 1,
}

const added = Object.keys(weights).filter((name) => name !== 'task')
/** Those that teach both towers without another's help. */
const alone = added.filter((name) => !['class-embed', 'hidden', 'attention'].includes(name))
const combined = [
  'task+gd:0.001',
  'fd+crd',
  'fd+crd+icl',
  'task+fd+crd',
  'task+fd+icl',
  'task+crd+icl',
  'task+fd+crd+icl',
  'task:2+fd+crd+icl',
  'task+fd+crd+icl+mfd',
  'task+fd+crd+icl+anchor',
  'task:2+fd+crd+icl+gd',
]

/** Every objective added to task, alone, and in combinations; `task-whole` is what hidden and attention are compared with. */
export function objectiveRows(): ObjectiveRow[] {
  const names = ['task', ...added.map((name) => `task+${name}`), ...alone, ...combined]
  return [...names.map(rowOf), { name: 'task-whole', objective: 'task:1', keepPatches: 1 }]
}

function rowOf(name: string): ObjectiveRow {
  const objective = name
    .split('+')
    .map((part) => (part.includes(':') ? part : `${part}:${weights[part]}`))
    .join()
  return { name, objective, ...(innerTowers(parseObjectives(objective)).includes('image') && { keepPatches: 1 }) }
}
