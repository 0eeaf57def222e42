import type { CommandTable } from './command.ts'

/** Every command by name. A command's file holds its flags; what does its work is loaded when it runs. */
export const commands: CommandTable = {
  distill: async () => (await import('./distill.ts')).distill,
  features: async () => (await import('./features.ts')).features,
  stage1: async () => (await import('./stage1.ts')).stage1,
  stage2: async () => (await import('./stage2.ts')).stage2,
  evaluate: async () => (await import('./evaluate.ts')).evaluate,
  compare: async () => (await import('./compare.ts')).compare,
  export: async () => (await import('./export.ts')).exportModel,
  teacher: async () => (await import('./teacher.ts')).teacher,
  inspect: async () => (await import('./inspect.ts')).inspect,
  search: async () => (await import('./search.ts')).search,
  index: async () => (await import('./index.ts')).indexImages,
  watch: async () => (await import('./watch.ts')).watch,
  demo: async () => (await import('./demo.ts')).demo,
  edge: async () => (await import('./edge.ts')).edge,
  completion: async () => (await import('./completion.ts')).completion,
  parity: async () => (await import('./parity.ts')).parity,
}
