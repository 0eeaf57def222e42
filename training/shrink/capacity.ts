import { batchLoader } from '../../corpora/batch-loader.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import { compile, type Step } from '../../engine/compile.ts'
import { type Params, paramData, paramInputs } from '../../engine/params.ts'
import type { Constraint } from '../../engine/train.ts'
import { type DualEncoder, towerCounts } from '../../models/dual-encoder.ts'
import { allGates, type Gate } from '../../models/gates.ts'
import { compacted, compactorOf, createCompactors, maskOf, survivors } from './compactors.ts'
import { maskRows, shrinkRows } from './lasso.ts'
import { type SearchSource, searchUseless } from './search.ts'
import type { ShrinkSettings } from './settings.ts'
import { withoutClosedGates } from './settle.ts'

/** A student that shrinks while it learns. */
interface Capacity {
  /** Compactors and masks, which live beside the student while it learns. */
  params: Params
  /** Names of those that do not learn: the masks. */
  fixed: string[]
  /** What it asks of the training loop. */
  constraint: Constraint
  /** The student as it computes now, at full size: its weights follow `refold`. */
  folded: DualEncoder
  /** Multiplies the compactors into `folded`'s weights. Returns numbers for the log: shares of the channels that are left, and that were found useless. */
  refold(): Promise<Record<'channels_left' | 'channels_useless', number>>
  /** The student without what it does not need. */
  settle(): Promise<{ model: DualEncoder; note: string }>
  release(): Promise<void>
}

/**
 * Capacity dynamic distillation (CDD, arXiv 2303.09230): a compactor at every gate, a group lasso that lets its rows fade, and a search, every
 * so many steps, for channels that contribute nothing to finding an item's neighbours among the teacher's features: these no longer learn, and fade.
 * @param source what the steps are made of; where its objectives compare gates, useless channels are looked for, else there is the lasso alone
 */
export async function dynamicCapacity(
  model: DualEncoder,
  shrinkSettings: ShrinkSettings,
  source: SearchSource & { pixels: PixelCache },
): Promise<Capacity> {
  const { config } = model
  const gates = allGates(config)
  const compactors = createCompactors(gates)
  const params: Params = { ...source.params, ...compactors }
  const { threads } = source.settings
  const fold = await openFold(gates, params, threads)
  const folded: DualEncoder = { config, params: { ...model.params } }
  for (const name of fold.names) folded.params[name] = { ...params[name]!, data: params[name]!.data.slice() }
  const search = await searchUseless({ ...source, params }, shrinkSettings, () => batchLoader({ cache: source.pixels }))
  const channels = gates.reduce((sum, gate) => sum + gate.channels, 0)
  const share = (count: (gate: Gate) => number) => gates.reduce((sum, gate) => sum + count(gate), 0) / channels
  const refold = async () => {
    const results = await fold.step.run(paramData(params))
    for (const name of fold.names) folded.params[name]!.data.set(results[foldedOf(name)]!)
    return {
      channels_left: share((gate) => survivors(params, gate).flat().length),
      channels_useless: share((gate) => params[maskOf(gate)]!.data.filter((open) => open === 0).length),
    }
  }
  let withLoss: Gate[] = []
  return {
    params: compactors,
    fixed: gates.map(maskOf),
    folded,
    refold,
    constraint: {
      beforeUpdate(gradients) {
        withLoss = gates.filter((gate) => gradients[compactorOf(gate)]) // in a tower that no objective reaches nothing would hold the rows
        for (const gate of withLoss) maskRows(gradients[compactorOf(gate)]!, params[maskOf(gate)]!.data)
      },
      async afterUpdate(step, learningRate) {
        const amount = shrinkSettings.lasso * learningRate
        for (const gate of withLoss) {
          const mask = params[maskOf(gate)]!.data
          shrinkRows(params[compactorOf(gate)]!, (row) => (mask[row] === 0 ? Math.max(amount, 1 / shrinkSettings.fade) : amount))
        }
        await search?.after(step)
      },
    },
    async settle() {
      const shares = await refold()
      const small = withoutClosedGates(folded, params)
      return { model: small, note: noteOf(model, small, shares) }
    },
    async release() {
      await fold.step.release()
      await search?.release()
    },
  }
}

const foldedOf = (name: string) => `folded:${name}`

/** The graph that multiplies compactors into weights, and the names of these. */
async function openFold(gates: readonly Gate[], params: Params, threads?: number): Promise<{ step: Step; names: string[] }> {
  const names = gates.flatMap(({ before }) => [`${before}.weight`, `${before}.bias`])
  const used = Object.fromEntries([...names, ...gates.map(compactorOf)].map((name) => [name, params[name]!]))
  const fn = (inputs: Parameters<typeof compacted>[0]) => {
    const all = compacted(inputs, gates)
    return Object.fromEntries(names.map((name) => [foldedOf(name), all[name]!]))
  }
  return { step: await compile(fn, paramInputs(used), { threads }), names }
}

function noteOf(before: DualEncoder, after: DualEncoder, { channels_left, channels_useless }: Record<string, number>): string {
  const total = ({ config }: DualEncoder) => Object.values(towerCounts(config)).reduce((sum, count) => sum + count, 0)
  const [old, now] = [total(before), total(after)]
  return (
    `shrunk from ${(old / 1e6).toFixed(2)} M to ${(now / 1e6).toFixed(2)} M parameters (${((100 * now) / old).toFixed(1)} %): ` +
    `${(100 * channels_left!).toFixed(1)} % of the channels at gates are left, ${(100 * channels_useless!).toFixed(1)} % were found useless`
  )
}
