/**
 * The compiled graphs of steps with dropped patches or of whole ones, made when first needed. Only the latest live: they keep their activations' memory, and once
 * whole images come, no masked ones do.
 */
export function latestGraphs<Graphs extends { release(): Promise<void> }>(open: (masked: boolean) => Promise<Graphs>) {
  let latest: { masked: boolean; graphs: Graphs } | undefined
  return {
    async get(masked: boolean): Promise<Graphs> {
      if (latest?.masked === masked) return latest.graphs
      await latest?.graphs.release()
      latest = { masked, graphs: await open(masked) }
      return latest.graphs
    },
    release: async () => latest?.graphs.release(),
  }
}
